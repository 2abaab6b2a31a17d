#!/usr/bin/env bash
# `deploy/restore.sh FOLDER`: puts what backup.sh copied into the volumes of a platform that is down, in the place of what
# is there. Touches nothing where the copy can't be read or the platform runs. DEPLOY_COMPOSE: as for rolling_restart.sh.
set -euo pipefail
folder=$(realpath -- "${1:?the FOLDER that backup.sh copied into}")
cd "$(dirname "$0")/.."
read -ra options <<<"${DEPLOY_COMPOSE:-}"
into() { docker compose "${options[@]}" run --rm --no-deps -T --entrypoint sh "$@"; }

for part in jobs artefacts; do tar -tf "$folder/$part.tar" >/dev/null; done
if [ -n "$(docker compose "${options[@]}" ps -q)" ]; then
  echo "the platform runs: docker compose down comes first" >&2
  exit 1
fi
into redis_jobs -c 'rm -rf /data/appendonlydir && tar -C /data -x' <"$folder/jobs.tar"
into gateway -c 'rm -rf /artefacts/* && tar -C /artefacts -x' <"$folder/artefacts.tar"
