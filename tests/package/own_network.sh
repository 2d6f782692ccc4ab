#!/usr/bin/env bash
# own_network.sh SOURCE BUILD: the commands of the example own_network/, as its README has them, build a program with networks
# of one's own against this build, installed in an empty home folder, train with both, resume and evaluate.
set -euo pipefail
source=$1 build=$2
source "$source/tests/documented.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
follow_example own_network 7

grep -q 'solved at step' said
# The last command says what the recurrent network plays like: without memory, half of all turns are wrong.
"$PWD/build/own_network" evaluate maze --episodes 200 --seed 9 --json >evaluated
awk -v RS=, -F: '/"mean":/ { mean = $2 } END { exit !(mean >= 0.9) }' evaluated || { cat evaluated; exit 1; }

if "$HOME/.local/bin/sounder" evaluate maze 2>refused; then exit 1; fi
cat refused
[ "$(wc -l <refused)" -eq 1 ]
grep -qF "its network 'recurrent' is not one of cnn, mlp: open it with the program that trained it" refused
