#!/usr/bin/env bash
# own_algorithm.sh SOURCE BUILD: the commands of the example own_algorithm/, as its README has them, against this build,
# installed in an empty home folder: the algorithm learns, its keys are set by option and by file, and are saved; a run
# goes on; sounder itself says what it lacks.
set -euo pipefail
source=$1 build=$2
source "$source/tests/documented.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
follow_example own_algorithm 8

says() { grep -qxF "$2" "$1" || { echo "no line '$2' in $1" >&2; exit 1; }; }
# One worker and a fixed seed: in 16 trainings it was solved after at most 80,000 of the 300,000 steps.
grep -q '"solved":true' solved/summary.json
says solved/config.toml 'passes = 4'
says eight/config.toml 'passes = 8'
says gentle/config.toml 'passes = 2'
says gentle/config.toml 'clip_range = 0.3'
grep -q '"steps":10000,' gentle/summary.json
[ "$(grep -c finished passes/results.csv)" -eq 2 ] || { cat passes/results.csv; exit 1; }
build/own_algorithm train --help >help
grep -qF "Configuration of algorithm 'clipped_a3c'" help

# With a single pass, no probability has changed, nothing is clipped: it is A3C, bit for bit.
build/own_algorithm train CartPole-v1 --algorithm a3c --workers 1 --steps 5000 --run plain 2>/dev/null
build/own_algorithm train CartPole-v1 --algorithm clipped_a3c --passes 1 --workers 1 --steps 5000 --run one_pass 2>/dev/null
outcome() { grep -oE '"(steps|episodes|updates|mean_return|best_mean_return)":[^,]*' "$1/summary.json"; }
outcome plain
[ "$(outcome plain | wc -l)" -eq 5 ]
diff <(outcome plain) <(outcome one_pass)

if "$HOME/.local/bin/sounder" evaluate solved 2>refused; then exit 1; fi
cat refused
[ "$(wc -l <refused)" -eq 1 ]
grep -qF "its algorithm 'clipped_a3c' is not one of a3c, " refused
