#!/usr/bin/env bash
# counting.sh TESTS: what tests/shard.sh and tests/ctest.sh make of a program of four cases, of which the second ends the
# process and the third fails, of a program that lists no case, and of two scripts.
set -euo pipefail
tests=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/four_cases" <<'END'
#!/usr/bin/env bash
if [ "$1" = --list ]; then printf '%s\n' 'one' 'two, [and] a\b' 'three' 'four'; exit; fi
status=0
while read -r name; do # as Catch2 reads patterns
  printf 'began\t0\t%s\n' "$name" >>"$SOUNDER_TEST_JOURNAL"
  case $name in
    two*) kill -KILL $$ ;;
    three) outcome=failed status=1 ;;
    *) outcome=passed ;;
  esac
  printf '%s\t0.5\t%s\n' "$outcome" "$name" >>"$SOUNDER_TEST_JOURNAL"
done < <(sed 's/\\\(.\)/\1/g' "$2")
exit "$status"
END
printf '#!/bin/sh\n' >"$folder/no_case"
chmod +x "$folder/four_cases" "$folder/no_case"
{
  for program in four_cases no_case; do
    echo "add_test([[unit: $program, 1 of 1]] bash $tests/shard.sh $folder/$program 1 1 $folder/Testing/cases --list)"
  done
  echo "add_test([[unit: a script's test that passes]] true)"
  echo "add_test([[unit: a \"script\" that fails]] false)"
} >"$folder/CTestTestfile.cmake"

status=0
bash "$tests/ctest.sh" "$folder" >"$folder/said" 2>&1 || status=$?
expected="FAILED: a \"script\" that fails
FAILED: no_case, 1 of 1
FAILED: three
FAILED: two, [and] a\\b
3 passed, 4 failed"
said=$(sed -n 's/^FAILED: unit: /FAILED: /; /^FAILED: /p' "$folder/said" | sort -u; tail -n 1 "$folder/said")
if [ "$said" != "$expected" ] || [ "$status" -ne 1 ]; then
  printf 'expected\n%s\nand exit code 1; got\n%s\nand %s, from\n' "$expected" "$said" "$status"
  cat "$folder/said"
  exit 1
fi
