#!/usr/bin/env bash
# deploy.sh SOURCE BUILD: the README of examples/deploy, word by word, in an empty home folder: a program that links
# sounder::policy alone is configured without cairo, loads a trained policy and controls with it, and is small.
set -euo pipefail
source=$1 build=$2
source "$source/tests/documented.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/home" "$folder/checkout"
ln -s "$source/apps" "$folder/checkout/apps"
ln -s "$build" "$folder/checkout/build"
commands_of "$source/apps/examples/deploy/README.md" tests/package/deploy.sh >"$folder/commands"
[ "$(wc -l <"$folder/commands")" -ge 8 ]
cd "$folder/checkout"
export HOME=$folder/home
run_commands "$folder/commands"

grep -qE '^5000 actions: median [0-9.]+ us, 99 % below [0-9.]+ us, maximum [0-9.]+ us$' "$folder/commands.said"
angle=$(sed -nE 's/^angle at the end: (-?[0-9.]+) radians from upright$/\1/p' "$folder/commands.said")
awk -v angle="$angle" 'BEGIN { exit !(angle != "" && angle < 0.5 && angle > -0.5) }'
# What it does without, and its size.
if grep -iE 'cairo|torch|boost|toml' build/CMakeCache.txt; then exit 1; fi
ldd build/deploy | awk '{ print $1 }'
if ldd build/deploy | grep -iE 'cairo|torch|boost|toml|png'; then exit 1; fi
size=$(stat -c %s build/deploy)
echo "$size bytes"
[ "$size" -le 1048576 ]
if build/deploy "$folder/nothing" 2>refused; then exit 1; fi
grep -q "there is no '" refused

# The loops that the documents show compile, in a program with its own sensors and motors.
for document in README.md apps/docs/library.md; do
  block_of "$source/$document" "tests/package/deploy.sh compiles this" >"$folder/loop"
  {
    grep '^#include' "$folder/loop"
    echo '#include <vector>'
    echo 'bool running = false;'
    echo 'std::vector<float> read_sensors() { return {0, 0, 0}; }'
    echo 'void apply(std::span<const float>) {}'
    echo 'int main() {'
    grep -v '^#include' "$folder/loop"
    echo '}'
  } >"$folder/loop.cpp"
  [ "$(grep -c act "$folder/loop")" -ge 1 ]
  "${CXX:-c++}" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I"$HOME/.local/include" "$folder/loop.cpp"
done
