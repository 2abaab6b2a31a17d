#!/usr/bin/env bash
# `deploy/restore.sh FOLDER`: puts what backup.sh copied into the volumes of a platform that is down, in the place of what
# is there. DEPLOY_COMPOSE: as for rolling_restart.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra options <<<"${DEPLOY_COMPOSE:-}"
into() { docker compose "${options[@]}" run --rm --no-deps -T --entrypoint sh "$@"; }

into redis_jobs -c 'rm -rf /data/appendonlydir && tar -C /data -x' <"$1/jobs.tar"
into gateway -c 'rm -rf /artefacts/* && tar -C /artefacts -x' <"$1/artefacts.tar"
