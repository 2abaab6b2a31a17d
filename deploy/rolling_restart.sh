#!/usr/bin/env bash
# Replaces the containers of each service one after the other by fresh ones (of the newest image), without a moment in
# which none answers: `deploy/rolling_restart.sh gateway detector_worker`; without names, every service of ours.
# Runs `docker compose` with the options in DEPLOY_COMPOSE, such as "-p thespis -f docker-compose.yml -f …".
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra options <<<"${DEPLOY_COMPOSE:-}"
compose() { docker compose "${options[@]}" "$@"; }
[ $# -gt 0 ] || set -- residual five_layer baseline vgg ensemble_worker detector_worker gateway \
  ensemble_worker_jobs detector_worker_jobs job_worker

for service in "$@"; do
  mapfile -t containers < <(compose ps -q "$service")
  for container in "${containers[@]}"; do
    docker stop "$container" >/dev/null # in its stop_grace_period it finishes what is in hand
    docker rm --volumes "$container" >/dev/null # its anonymous ones
    compose up -d --wait --no-deps --no-recreate --scale "$service=${#containers[@]}" "$service" 2>/dev/null
    echo "$service: ${container:0:12} replaced"
  done
done
