#!/usr/bin/env bash
# subdirectory.sh SOURCE: a project that has Sounder as a subdirectory configures without installing anything, compiles the
# example as it stands, and links a program of environments alone. (LibTorch would take minutes: it is left out.)
set -euo pipefail
source=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ln -s "$source" "$folder/sounder"
cp "$source/apps/examples/thermostat/thermostat.cpp" "$folder"
cat >"$folder/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(own LANGUAGES CXX)
set(SOUNDER_WITH_TORCH OFF)
add_subdirectory(sounder EXCLUDE_FROM_ALL)
add_library(compiled OBJECT thermostat.cpp)
target_link_libraries(compiled PRIVATE sounder::command_line)
add_executable(names names.cpp)
target_link_libraries(names PRIVATE sounder::envs)
END
cat >"$folder/names.cpp" <<'END'
#include <sounder/envs/registry.h>

#include <iostream>

int main() {
  for (const auto& id : sounder::Registry::with_builtins().ids()) std::cout << id << '\n';
}
END
cd "$folder"
cmake -G Ninja -B build >configured 2>&1 || { cat configured; exit 1; }
launcher=$(command -v ccache || true)
[ -z "$launcher" ] || cmake -B build -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >/dev/null
CCACHE_BASEDIR=$folder CCACHE_NOHASHDIR=1 cmake --build build -j 2 --target compiled names
build/names | grep -qx CartPole-v1
