#!/usr/bin/env bash
# shard.sh PROGRAM INDEX COUNT JOURNALS LIST...: runs every COUNT-th case of a test program, from the INDEX-th on (counted
# from 1), in one process: a start costs more than most cases. LIST are the options with which the program lists its cases.
# A case that ends the process has failed, and those after it are run in another one. The journal of the cases, for
# tests/ctest.sh, is JOURNALS/<program>.<INDEX>: lines of "passed" or "failed", seconds and name, by tabs.
set -uo pipefail
program=$1 index=$2 count=$3 journals=$4
shift 4
journal=$journals/$(basename "$program").$index
mkdir -p "$journals"
rm -f "$journal"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$program" "$@" | awk -v index_="$index" -v count="$count" 'NR % count == index_ % count' >"$folder/due"
if [ ! -s "$folder/due" ]; then
  echo "$program lists no case that is the ${index}th of $count" >&2
  exit 1
fi
export SOUNDER_TEST_JOURNAL=$folder/journal
status=0
while [ -s "$folder/due" ]; do
  : >"$folder/journal"
  sed 's/[][,\\]/\\&/g' "$folder/due" >"$folder/patterns" # what means something to Catch2
  "$program" --input-file "$folder/patterns" | grep -v '^Filters: ' || status=1
  # A case that began and did not end was ended with the process.
  awk -F'\t' -v OFS='\t' '$1 == "began" { running = $3; next } { print; running = "" }
    END { if (running != "") print "failed", 0, running }' "$folder/journal" >"$folder/ended"
  cat "$folder/ended" >>"$journal"
  cut -f 3- "$folder/ended" | grep -vxFf - "$folder/due" >"$folder/left"
  if [ ! -s "$folder/ended" ]; then # nothing ran: the program cannot be started, or does not know its own cases
    status=1
    sed 's/^/failed\t0\t/' "$folder/due" >>"$journal"
    break
  fi
  mv "$folder/left" "$folder/due"
done
if grep -q '^failed' "$journal" 2>/dev/null; then status=1; fi
sed -n 's/^failed\t[^\t]*\t/FAILED: /p' "$journal"
exit "$status"
