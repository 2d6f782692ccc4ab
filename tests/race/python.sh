#!/usr/bin/env bash
# Trains with four workers whose environments are processes, of which one is killed meanwhile: python.sh SOUNDER PYTHON.
# Under ThreadSanitizer, a report makes it fail.
set -euo pipefail
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export PYTHONPATH=$tests/../apps/python
"$1" train --env-command "'$2' $tests/apps/python/faulty.py die $folder/died" --workers 4 --envs-per-worker 3 \
  --steps 20000 --seed 1 --run "$folder/run" \
  --set checkpoint_interval=0.05 --set report_interval=500 --set evaluation_episodes=10
