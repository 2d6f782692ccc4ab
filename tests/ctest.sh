#!/usr/bin/env bash
# Runs the tests of a build folder: tests/ctest.sh FOLDER [ctest's arguments]. The last line counts them:
# "123 passed, 0 failed". Fails if a test failed, or if there was none.
set -uo pipefail
folder=$1
shift
log=$folder/ctest.log
ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel 2 "$@" | tee "$log"
summary=$(grep -E '^[0-9]+% tests passed' "$log" || true)
total=$(sed -E 's/.* out of ([0-9]+)$/\1/' <<<"${summary:- out of 0}")
failed=$(sed -E 's/.* ([0-9]+) tests? failed.*/\1/' <<<"${summary:- 1 tests failed}")
echo "$((total > failed ? total - failed : 0)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$total" -gt 0 ]
