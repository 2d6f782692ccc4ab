#!/usr/bin/env bash
# install.sh SOURCE BUILD: what own_environment_cpp.md says is so. Its commands are run as they stand there, in an empty home
# folder: they install this build, and build, check, train and evaluate the example. Prints how long each command took.
set -euo pipefail
source=$1 build=$2
source "$source/tests/documented.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The commands begin in a checkout with a build/ in it.
mkdir "$folder/home" "$folder/checkout"
ln -s "$source/apps" "$folder/checkout/apps"
ln -s "$build" "$folder/checkout/build"
commands_of "$source/apps/docs/own_environment_cpp.md" tests/package/install.sh >"$folder/commands"
[ "$(wc -l <"$folder/commands")" -ge 8 ]
cd "$folder/checkout"
export HOME=$folder/home
run_commands "$folder/commands"

grep -q '"solved":true' runs/latest/summary.json
# 100 other episodes than those that the training was stopped by, at the threshold that main() gave.
build/thermostat evaluate runs/latest --seed 7 --json >evaluated
awk -v mean="$(sed -E 's/.*"mean":([-0-9.Ee+]+).*/\1/' evaluated)" 'BEGIN { exit !(mean >= -50 && mean < 0) }'
# The installed program has no such environment, and the example has all built-in ones.
if ~/.local/bin/sounder envs Thermostat-v0 2>refused; then exit 1; fi
grep -q "unknown environment 'Thermostat-v0'" refused
build/thermostat envs CartPole-v1 --json | grep -q '"id":"CartPole-v1"'
