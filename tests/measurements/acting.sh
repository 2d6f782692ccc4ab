#!/usr/bin/env bash
# Compares how long an action takes (acting.md): sounder::Policy, the header of `sounder export`, and RLtools' own inference of
# the same network: tests/measurements/acting.sh RLTOOLS [ROUNDS, 7 unless told], where RLTOOLS is a folder with a clone of
# https://github.com/rl-tools/rl-tools. Prints a table in Markdown; asserts nothing.
#
# Each program is built by gcc and by clang, with optimisations for this processor and for AVX2. All run once in every round, so
# that what else the machine does meets all alike.
set -euo pipefail
rltools=$(realpath "${1:-.}")/include
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/measurements/measuring.sh
rounds=$(count_of ROUNDS "${2:-7}" 1)
[ -e "$rltools/rl_tools/version.h" ] || { echo "expected a folder with a clone of RLtools; got '${1:-}'" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$sounder" train CartPole-v1 --workers 1 --until-solved --run "$folder/run" --json >/dev/null 2>&1
"$sounder" export "$folder/run" -o "$folder/policy.h" 2>/dev/null
cmake --install build --prefix "$folder/installed" >/dev/null
mkdir "$folder/policy"
cp tests/measurements/acting/{policy.cpp,timing.h} "$folder/policy"
cat >"$folder/policy/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(policy LANGUAGES CXX)
find_package(sounder REQUIRED COMPONENTS policy)
add_executable(policy policy.cpp)
target_link_libraries(policy PRIVATE sounder::policy)
END
cmake -S "$folder/policy" -B "$folder/policy/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$folder/installed" >/dev/null
cmake --build "$folder/policy/build" >/dev/null

labels=("\`sounder::Policy\`, level $("$sounder" --version | grep -o 'x86-64-v[0-9]')")
commands=("$folder/policy/build/policy $folder/run")
# add LABEL COMPILER OPTIONS...: builds a program.
add() {
  local program=$folder/program${#commands[@]} shown=()
  for option in "${@:2}"; do [[ $option =~ ^-(O|m) ]] && shown+=("$option"); done
  "${@:2}" -std=c++20 -o "$program" 2>"$folder/log" || { cat "$folder/log" >&2; exit 1; }
  labels+=("$1, $2 \`${shown[*]}\`")
  commands+=("$program")
}
for compiler in g++ clang++; do
  command -v "$compiler" >/dev/null || continue
  for options in "-O3 -march=native" "-O3 -mavx2 -mfma" -O3; do
    # shellcheck disable=SC2086 # several options
    add "\`policy.h\`" "$compiler" $options -I"$folder" tests/measurements/acting/header.cpp
  done
  for options in "-Ofast -march=native" "-Ofast -mavx2 -mfma" -Ofast; do
    # shellcheck disable=SC2086
    add "RLtools" "$compiler" $options -DACTIVATION=TANH -I"$rltools" tests/measurements/acting/rltools.cpp
  done
  add "RLtools, its \`FAST_TANH\`" "$compiler" -Ofast -march=native -DACTIVATION=FAST_TANH -I"$rltools" tests/measurements/acting/rltools.cpp
done

for ((round = 0; round < rounds; ++round)); do
  for i in "${!commands[@]}"; do
    ${commands[i]} | cut -d ' ' -f 1 >>"$folder/times$i"
  done
done

echo "| | ns an action | least | most | times \`Policy\`'s |"
echo "|---|---|---|---|---|"
policy=$(median <"$folder/times0")
for i in "${!commands[@]}"; do
  times=$folder/times$i
  echo "| ${labels[i]} | $(median <"$times" | shown 0) | $(least <"$times" | shown 0) | $(most <"$times" | shown 0) |" \
    "$(median <"$times" | awk -v policy="$policy" '{ printf "%.2f", $1 / policy }') |"
done
echo
echo "Medians of $rounds runs in turn, each itself the median of 21 loops of 20,000 actions; mlp 4-64-64-2 tanh of CartPole-v1."
