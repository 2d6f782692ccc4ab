#!/usr/bin/env bash
# mistakes.sh COMPILER SOURCE BUILD: of each struct in mistakes/ that is no environment, the compiler says in few lines what
# it lacks, and nothing else. Prints what it said where it did not.
set -uo pipefail
compiler=$1 source=$2 build=$3
folder=$source/tests/package/mistakes
status=0

for file in "$folder"/*.cpp; do
  expected=$(sed -n '1s|^// expected: ||p' "$file")
  said=$("$compiler" -std=c++20 -fsyntax-only -I "$source" -I "$build/include" "$file" 2>&1)
  errors=$(grep -E '(error|warning):' <<<"$said")
  if [ "$expected" = nothing ]; then
    [ -z "$said" ] && continue
  elif [ "$(wc -l <<<"$errors")" -eq 1 ] && [[ $errors == *error:*"$expected"* ]] && [ "$(wc -l <<<"$said")" -le 16 ]; then
    continue
  fi
  status=1
  printf '%s: expected %s, in at most 16 lines; got\n%s\n' "$file" "$expected" "$said"
done
exit "$status"
