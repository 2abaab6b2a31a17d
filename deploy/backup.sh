#!/usr/bin/env bash
# `deploy/backup.sh FOLDER`: copies the jobs' records and files of a running platform, records first, so that none names
# results that the copy does not have. A copy that is there already is replaced only by a whole one. Nobody else may read it:
# it holds videos. DEPLOY_COMPOSE: as for rolling_restart.sh.
set -euo pipefail
folder=$(realpath --canonicalize-missing -- "${1:?a FOLDER to copy into}")
umask 077
cd "$(dirname "$0")/.."
read -ra options <<<"${DEPLOY_COMPOSE:-}"
compose() { docker compose "${options[@]}" "$@"; }
redis() { compose exec -T redis_jobs sh -c 'REDISCLI_AUTH=$(cat /secrets/redis_password) redis-cli "$@"' sh "$@"; }

mkdir -p "$folder"
# Until the copy is made Redis only appends to its file; a rewrite would replace it under the reader.
redis config set auto-aof-rewrite-percentage 0 >/dev/null
trap 'redis config set auto-aof-rewrite-percentage 100 >/dev/null' EXIT
while redis info persistence | grep -q aof_rewrite_in_progress:1; do sleep 1; done
# tar's 1 says that something changed under it, as logs do. Compose has a 1 of its own, for a service that does not run.
packed() { compose exec -T "$1" sh -c 'tar -C "$1" -c --warning=no-file-changed --ignore-failed-read "$2" || [ $? = 1 ]' sh "$2" "$3"; }
packed redis_jobs /data appendonlydir >"$folder/jobs.tar.part"
packed gateway /artefacts . >"$folder/artefacts.tar.part"
for part in jobs artefacts; do tar -tf "$folder/$part.tar.part" >/dev/null; done
for part in jobs artefacts; do mv "$folder/$part.tar.part" "$folder/$part.tar"; done
