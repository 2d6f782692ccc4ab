#!/usr/bin/env bash
# own_network.sh PROGRAM: the example program trains its own network, saves it, goes on, and plays with it.
set -euo pipefail
program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$program" train CartPole-v1 --network residual --workers 2 --steps 600 --set evaluation_episodes=3 --run run --json >trained
grep -q '"backend":"torch"' trained
"$program" train --resume run --steps 900 --json >resumed
"$program" evaluate run --episodes 3 --json >evaluated
grep -q '"episodes":3' evaluated

# Nobody else knows it.
if "$program" train CartPole-v1 --network residuals --steps 100 2>refused; then exit 1; fi
grep -q "did you mean 'residual'" refused
