#!/usr/bin/env bash
# Runs the tests of a build folder: tests/ctest.sh FOLDER [ctest's arguments]. Lists the twenty that took longest and those
# that failed; the last line counts them, each case of a program as one: "123 passed, 0 failed". Fails if a test failed,
# or if there was none.
set -uo pipefail
folder=$1
shift
cases=$folder/Testing/cases # what tests/shard.sh writes
rm -rf "$cases"
status=0
ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel 2 --output-junit Testing/junit.xml "$@" || status=1

# A test of CTest that is no shard counts as one, and so does a shard that was ended from without.
results=$folder/Testing/results.tsv # outcome, seconds, name
{
  cat "$cases"/* 2>/dev/null
  sed -nE 's/^\s*<testcase name="([^"]*)".* time="([^"]*)" status="([^"]*)".*/\3\t\2\t\1/p' "$folder/Testing/junit.xml" |
    sed "s/&apos;/'/g; s/&quot;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g" |
    while IFS=$'\t' read -r outcome seconds name; do
      if [ "$outcome" = run ]; then outcome=passed; else outcome=failed; fi
      journal=$(sed -nE 's/^[a-z]+: ([a-z_]+), ([0-9]+) of [0-9]+$/\1.\2/p' <<<"$name")
      if [ -z "$journal" ] || { [ $outcome = failed ] && ! grep -q '^failed' "$cases/$journal" 2>/dev/null; }; then
        printf '%s\t%s\t%s\n' "$outcome" "$seconds" "$name"
      fi
    done
} >"$results"

echo "The slowest, in seconds:"
sort -t$'\t' -k2,2gr "$results" | head -n 20 | awk -F'\t' '{ printf "%9.2f  %s\n", $2, $3 }'
sed -n 's/^failed\t[^\t]*\t/FAILED: /p' "$results"
passed=$(grep -c '^passed' "$results")
failed=$(grep -c '^failed' "$results")
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
