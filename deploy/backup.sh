#!/usr/bin/env bash
# `deploy/backup.sh FOLDER`: copies the jobs' records and files of a running platform, records first, so that none names
# results that the copy does not have. DEPLOY_COMPOSE: as for rolling_restart.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra options <<<"${DEPLOY_COMPOSE:-}"
compose() { docker compose "${options[@]}" "$@"; }
redis() { compose exec -T redis_jobs sh -c 'REDISCLI_AUTH=$(cat /secrets/redis_password) redis-cli "$@"' sh "$@"; }

mkdir -p "$1"
# Until the copy is made Redis only appends to its file; a rewrite would replace it under the reader.
redis config set auto-aof-rewrite-percentage 0 >/dev/null
trap 'redis config set auto-aof-rewrite-percentage 100 >/dev/null' EXIT
while redis info persistence | grep -q aof_rewrite_in_progress:1; do sleep 1; done
compose exec -T redis_jobs tar -C /data -c --warning=no-file-changed --ignore-failed-read appendonlydir >"$1/jobs.tar" || [ $? = 1 ]
compose exec -T gateway tar -C /artefacts -c --warning=no-file-changed --ignore-failed-read . >"$1/artefacts.tar" || [ $? = 1 ]
