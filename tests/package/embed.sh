#!/usr/bin/env bash
# embed.sh SOURCE BUILD: the commands of the example embed/, as its README has them, build, train and evaluate against this
# build, installed in an empty home folder; and the program is linked with no library for drawing or of LibTorch.
set -euo pipefail
source=$1 build=$2
source "$source/tests/documented.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
follow_example embed 4

grep -q ': solved$' said
# Two free workers learn something else each time, and new episodes are not those that it was solved by: once in 150 times
# the mean was below the threshold of 475. A random policy's is 22.
awk '/^mean return of 100 new episodes: / { mean = $NF } END { exit !(mean >= 300 && mean <= 500) }' said
[ ! -e runs ]
if grep -iE 'cairo|torch' build/CMakeCache.txt; then exit 1; fi
if ldd build/embed | grep -E 'cairo|torch'; then
  echo "a program that only trains is linked with what it does not need" >&2
  exit 1
fi
