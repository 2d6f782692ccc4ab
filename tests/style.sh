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

if command -v clang-format >/dev/null && clang-format --version | grep -q ' 14\.'; then
  check "clang-format 14 changes nothing" "$(clang-format --dry-run $(files '*.h') $(files '*.cpp') 2>&1 | head -20)"
else
  echo "clang-format 14 is not here: the format is not checked"
fi
check "envs/ includes only envs/" "$(grep -rnE '#include "(core|agents|apps|tests)/' envs)"
check "core/ includes only envs/ and core/" "$(grep -rnE '#include "(agents|apps|tests)/' core)"
check "agents/ includes nothing of apps/ or tests/" "$(grep -rnE '#include "(apps|tests)/' agents)"
check "apps/ includes nothing of tests/" "$(grep -rn '#include "tests/' apps)"
check "LibTorch's headers stand in sources of agents/ and in torch_module.h only" \
  "$(grep -rln '#include <torch/' envs core apps agents | grep -vE '^agents/(.*\.cpp|networks/torch_module\.h)$')"
check "torch_module.h is for users, and for what computes LibTorch's networks" \
  "$(grep -rln '#include "agents/networks/torch_m' envs core apps agents |
    grep -vE '^(agents/networks/torch_|apps/examples/)')"

headers=$(mktemp)
flags="-std=c++20 -fsyntax-only -Wall -Wextra -Wno-missing-field-initializers -Wno-psabi -I. $(pkg-config --cflags cairo)"
# compile_alone FLAGS: compiles each header of stdin by itself, and prints what is wrong.
compile_alone() {
  xargs -P 2 -I{} sh -c "c++ $flags $1 -x c++ {} 2>&1 | grep -vE '#pragma once in main file|^ +[0-9]* \||^ *\|' | head -5"
}
# Those that bring LibTorch with them are compiled with its folders, as the release build found them.
with_torch='^agents/networks/torch_(cell|model|module)\.h$'
files '*.h' | grep -v '^tests/' | grep -vE "$with_torch" | compile_alone "" >"$headers"
torch_folders=$(grep -ohE -- '-isystem [^ ]*torch[^ ]*' build/compile_commands.json 2>/dev/null | sort -u | tr '\n' ' ')
if [ -n "$torch_folders" ]; then
  files '*.h' | grep -E "$with_torch" | compile_alone "$torch_folders" >>"$headers"
else
  echo "there is no release build with LibTorch: the headers that bring it with them are not compiled alone"
fi
check "every header compiles alone" "$(cat "$headers")"
rm -f "$headers"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
