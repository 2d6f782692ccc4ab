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

# One with memory and a buffer, in every command.
"$program" train TMaze-v0 --network recurrent --workers 2 --steps 2000 --set evaluation_episodes=3 --run maze --json >trained
grep -q '"backend":"torch"' trained
"$program" train --resume maze --steps 3000 --json >resumed
"$program" evaluate maze --episodes 3 --json >evaluated
grep -q '"episodes":3' evaluated
printf '1,0,0\n0,0,0\n' | "$program" act maze --values >actions
[ "$(wc -l <actions)" -eq 2 ]
"$program" watch maze --episodes 1 >watched 2>&1
"$program" sweep TMaze-v0 --network recurrent --steps 500 --set evaluation_episodes=2 --seeds 2 --dir sweep --json >swept
[ -d sweep/trials ]
"$program" bench TMaze-v0 --network recurrent --repetitions 1 --seconds 0.01 --workers 1 --json >benched
grep -q '"network":"recurrent ' benched
if "$program" export maze -o policy.h 2>refused; then exit 1; fi
grep -q "network 'recurrent'.*your own network cannot be exported" refused
if "$program" train TMaze-v0 --network residual --steps 100 2>refused; then exit 1; fi
grep -q "network 'residual': it has no states" refused

# Nobody else knows it.
if "$program" train CartPole-v1 --network residuals --steps 100 2>refused; then exit 1; fi
grep -q "did you mean 'residual'" refused
