#!/usr/bin/env bash
# Trains with four workers, evaluating, reporting and saving all the while: train.sh SOUNDER BACKEND [OPTION...].
# Under ThreadSanitizer, a report makes it fail.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" train CartPole-v1 --backend "$2" --workers 4 --steps 20000 --seed 1 --run "$folder/run" \
  --set checkpoint_interval=0.05 --set report_interval=500 --set evaluation_episodes=10 "${@:3}"
"$1" evaluate "$folder/run" --episodes 10
