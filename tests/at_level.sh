#!/usr/bin/env bash
# at_level.sh LEVEL CASES SOUNDER PROGRAM...: runs those cases of test programs at one level of processors (core/level.h). Where
# the processor lacks it, as SOUNDER says, they are not run.
set -euo pipefail
export SOUNDER_LEVEL=$1
cases=$2 sounder=$3 # cases: as Catch2 takes them
shift 3
if said=$("$sounder" --version 2>&1); then
  [[ $said == *"kernels for $SOUNDER_LEVEL" ]]
elif [[ $said == *"expected a level that this processor has"* ]]; then
  echo "not run: $said"
  exit 0
else
  echo "$said" >&2
  exit 1
fi
for program in "$@"; do "$program" "$cases"; done
