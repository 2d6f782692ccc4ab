#!/usr/bin/env bash
# tidy.sh BUILD: clang-tidy, by the rules of .clang-tidy on names, on what changed in the day before the last commit: sources but
# those of tests, and the headers that they include. BUILD is a build folder of clang's. By all rules: clang-tidy -p BUILD FILE.
# The last line counts the sources.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1
before=$(git rev-list -1 --before=$(($(git log -1 --format=%ct) - 86400)) HEAD)
failed=0
passed=0
while read -r file; do
  # Without LibTorch, its sources are none of the build's.
  grep -qF "\"file\": \"$PWD/$file\"" "$build/compile_commands.json" || continue
  files+=("$file")
done < <(git diff --name-only --diff-filter=d "${before:-$(git hash-object -t tree /dev/null)}" HEAD -- agents apps core envs | grep '\.cpp$')
while IFS=$'\t' read -r status file; do
  if [ "$status" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED: names in $file"; fi
done < <(printf '%s\n' "${files[@]:-}" | grep . | xargs -P 2 -I{} sh -c "
  said=\$(clang-tidy -p '$build' --quiet --checks='-*,readability-identifier-naming' --warnings-as-errors='*' {} 2>&1)
  status=\$?
  [ \$status -eq 0 ] || printf '%s\n' \"\$said\" | grep -E '(warning|error):' >&2
  printf '%s\t%s\n' \$status {}")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
