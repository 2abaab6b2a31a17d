#!/usr/bin/env bash
# `deploy/restore.sh FOLDER`: puts what backup.sh copied into the volumes of a platform that is down, in the place of what
# is there. Touches nothing where the copy can't be read or unpacked whole (there must be room for both) or the platform runs.
# DEPLOY_COMPOSE: as for rolling_restart.sh.
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
unpack='cd "$0" && rm -rf .restored && mkdir .restored && { tar -C .restored -x || { rm -rf .restored; exit 1; }; }'
into redis_jobs -c "$unpack" /data <"$folder/jobs.tar"
into gateway -c "$unpack" /artefacts <"$folder/artefacts.tar"
# Both are there whole.
into redis_jobs -c 'cd /data && rm -rf appendonlydir && mv .restored/appendonlydir . && rmdir .restored' </dev/null
into gateway -c 'cd /artefacts && find . -mindepth 1 -maxdepth 1 ! -name .restored -exec rm -rf {} + &&
  find .restored -mindepth 1 -maxdepth 1 -exec mv {} . \; && rmdir .restored' </dev/null
