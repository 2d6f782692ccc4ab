#!/usr/bin/env bash
# at_level.sh LEVEL SOUNDER PROGRAM...: runs the cases of test programs that depend on the level of processors (core/level.h), at
# one level. Where the processor lacks it, as SOUNDER says, they are not run.
set -euo pipefail
export SOUNDER_LEVEL=$1
sounder=$2
shift 2
if said=$("$sounder" --version 2>&1); then
  [[ $said == *"kernels for $SOUNDER_LEVEL" ]]
elif [[ $said == *"expected a level that this processor has"* ]]; then
  echo "not run: $said"
  exit 0
else
  echo "$said" >&2
  exit 1
fi
for program in "$@"; do "$program" '[levels]'; done
