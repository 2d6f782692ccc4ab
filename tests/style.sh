#!/usr/bin/env bash
# Checks what no compiler does: the format, that every header compiles alone, and that includes point one way,
# envs <- core <- agents <- apps. The last line counts the checks.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
passed=0
failed=0

# check NAME OUTPUT: passes if there is no output.
check() {
  if [ -z "$2" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n%s\n' "$1" "$2"
  fi
}
files() { find agents apps core envs tests -name "$1" | sort; }

# Releases of clang-format differ in what they make of the same configuration: the code is formatted as 14 does it.
format=
for name in clang-format-14 clang-format; do
  if [ -z "$format" ] && "$name" --version 2>/dev/null | grep -q ' 14\.'; then format=$name; fi
done
if [ -n "$format" ]; then
  check "clang-format 14 changes nothing" "$("$format" --dry-run $(files '*.h') $(files '*.cpp') 2>&1 | head -20)"
else
  echo "clang-format 14 is not here (Debian 12 has it, and PyPI: clang-format==14.0.6): the format is not checked"
fi
check "every script can be read by its interpreter" "$(for script in $(files '*.sh'); do bash -n "$script" 2>&1; done
  if command -v python3 >/dev/null; then files '*.py' | xargs python3 -c 'import ast, sys
for path in sys.argv[1:]: ast.parse(open(path).read(), path)' 2>&1; fi)"
check "envs/ includes only envs/" "$(grep -rnE '#include "(core|agents|apps|tests)/' envs)"
check "core/ includes only envs/ and core/" "$(grep -rnE '#include "(agents|apps|tests)/' core)"
check "agents/ includes nothing of apps/ or tests/" "$(grep -rnE '#include "(apps|tests)/' agents)"
check "apps/ includes nothing of tests/" "$(grep -rn '#include "tests/' apps)"
check "LibTorch's headers stand in sources only, of agents/ and of examples" \
  "$(grep -rln --include='*.h' --include='*.cpp' '#include <\(torch\|ATen\|c10\)/' envs core apps agents | grep -vE '^(agents|apps/examples)/.*\.cpp$')"

# A header that its source includes first is compiled alone there, by the build without precompiled headers. The others:
alone() {
  local source
  files '*.h' | grep -v '^tests/' | while read -r header; do
    source=${header%.h}.cpp
    [ -f "$source" ] && [ "$(grep -m 1 '^#include' "$source")" = "#include \"$header\"" ] || echo "$header"
  done
}
flags="-std=c++20 -fsyntax-only -Wall -Wextra -Wno-missing-field-initializers -Wno-psabi -I. -DSOUNDER_LEVEL=any $(pkg-config --cflags cairo)"
# Without LibTorch's folders: no header of ours needs them.
check "every header compiles alone" "$(alone |
  xargs -P 2 -I{} sh -c "echo '#include \"{}\"' | ${CXX:-c++} $flags -x c++ - 2>&1 | head -5")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
