#!/usr/bin/env bash
# Replaces the containers of each service one after the other by fresh ones (of the newest image and settings). The fresh one
# is healthy before the old one is stopped, so a service of one container always has one that answers, and for that time two.
# A fresh one that does not become healthy is removed, its last words are shown, and the script ends: the old ones go on.
#   deploy/rolling_restart.sh gateway detector_worker      without names: every service of ours that runs
# Runs `docker compose` with the options in DEPLOY_COMPOSE, such as "-p thespis -f docker-compose.yml -f …".
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra options <<<"${DEPLOY_COMPOSE:-}"
compose() { docker compose "${options[@]}" "$@"; }

# Says what a command said only where it failed.
quietly() {
  local said
  said=$("$@" 2>&1) || {
    echo "$said" >&2
    return 1
  }
}

# Gateways last: the votes and options that they offer must be known behind them.
ours=(residual five_layer baseline vgg vgg_ferplus mobilenet_second mobilenet members_together
  ensemble_worker ensemble_worker_b detector_worker detector_worker_b ensemble_worker_jobs detector_worker_jobs job_worker
  gateway gateway_b)
if [ $# -eq 0 ]; then
  running=$(compose ps --services)
  for service in "${ours[@]}"; do
    if grep -qx "$service" <<<"$running"; then set -- "$@" "$service"; fi
  done
fi

# Returns when a container is healthy. One that ends, is started again or is found unhealthy never will be; not
# `up --wait`, which gives up for an unhealthy old one, too.
becomes_healthy() {
  local state
  while state=$(docker inspect --format '{{.State.Status}} {{.State.Health.Status}}' "$1"); do
    case $state in
    "running healthy") return ;;
    "running starting") sleep 0.5 ;;
    *) break ;;
    esac
  done
  return 1
}

for service in "$@"; do
  containers=$(compose ps -q "$service")
  count=$(wc -w <<<"$containers")
  quietly compose rm --force "$service" # a stopped one would be started in the place of a fresh one
  for container in $containers; do
    before=$(compose ps -q "$service")
    quietly compose up -d --no-deps --no-recreate --scale "$service=$((count + 1))" "$service"
    fresh=$(compose ps -aq "$service" | grep -vxF "$before")
    if ! becomes_healthy "$fresh"; then
      docker logs --tail 20 "$fresh" >&2
      quietly docker rm --force --volumes "$fresh"
      echo "$service: ${fresh:0:12} did not become healthy and is removed; ${container:0:12} goes on" >&2
      exit 1
    fi
    quietly docker stop "$container" # in its stop_grace_period it finishes what is in hand
    quietly docker rm --volumes "$container" # its anonymous ones
    echo "$service: ${container:0:12} replaced"
  done
done
