#!/usr/bin/env bash
# reference.sh BUILD: the reference is made without a warning, and has what programs use.
set -euo pipefail
cmake --build "$1" --target sounder_reference >/dev/null
pages=$1/reference/html
for name in EnvironmentSpec Registry Trainer Evaluator; do
  grep -rlq "sounder::$name" "$pages" || { echo "the reference lacks $name"; exit 1; }
done
