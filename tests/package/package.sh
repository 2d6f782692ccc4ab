#!/usr/bin/env bash
# package.sh SOURCE BUILD WITH_TORCH: find_package(sounder) in the ways that the example does not show. WITH_TORCH: ON or OFF.
set -euo pipefail
source=$1 build=$2 with_torch=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# An installation may be moved. A user's own folders may be named as ours are, and strict warnings find nothing.
cmake --install "$build" --prefix "$folder/made" >/dev/null
mv "$folder/made" "$folder/moved"
mkdir -p "$folder/project/core" "$folder/project/envs"
echo '#error a folder of the project was taken for one of Sounder' |
  tee "$folder/project/core/network.h" "$folder/project/envs/environment.h" >"$folder/project/envs/registry.h"
cp "$source/apps/examples/thermostat/thermostat.cpp" "$source/apps/examples/own_network/own_network.cpp" "$folder/project"
cat >"$folder/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(own LANGUAGES CXX)
find_package(sounder 0.2 REQUIRED)
if(TARGET torch)
  message(FATAL_ERROR "LibTorch was searched for, which nobody asked for")
endif()
find_package(sounder QUIET COMPONENTS torch)
message(STATUS "torch: ${sounder_FOUND}")
add_executable(thermostat thermostat.cpp)
target_include_directories(thermostat BEFORE PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(thermostat PRIVATE sounder::command_line)
target_compile_options(thermostat PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Werror
                                          -Wno-missing-field-initializers)
set_target_properties(thermostat PROPERTIES NO_SYSTEM_FROM_IMPORTED ON)
if(sounder_FOUND)
  add_executable(own_network own_network.cpp)
  target_link_libraries(own_network PRIVATE sounder::command_line sounder::torch)
endif()
END
cd "$folder/project"
cmake -G Ninja -B build -DCMAKE_PREFIX_PATH="$folder/moved" >configured 2>&1 || { cat configured; exit 1; }
grep -q "torch: $([ "$with_torch" = ON ] && echo 1 || echo 0)" configured || { cat configured; exit 1; }
cmake --build build
short="--steps 400 --workers 1 --set evaluation_episodes=2"
build/thermostat train Thermostat-v0 $short 2>/dev/null
# LibTorch's module is found by the program that was moved, by one that was linked with it, and by one that has LibTorch
# itself.
sounder=$folder/moved/bin/sounder
if [ "$with_torch" = ON ]; then
  "$sounder" train CartPole-v1 $short --backend torch 2>/dev/null
  build/thermostat train Thermostat-v0 $short --backend torch 2>/dev/null
  build/own_network train CartPole-v1 $short --network residual 2>/dev/null
  build/own_network train CartPole-v1 $short --backend torch 2>/dev/null
elif "$sounder" train CartPole-v1 $short --backend torch 2>refused; then
  exit 1
else
  grep -qF "sounder_torch.so is missing" refused
fi
if { ldd "$sounder" && ldd build/thermostat; } | grep -i torch; then
  echo "a program that may do without LibTorch is linked with it" >&2
  exit 1
fi
# The program that was moved has Python find what was moved with it.
if command -v python3 >/dev/null; then
  env -u PYTHONPATH "$sounder" train $short \
    --env-command "python3 $source/apps/examples/python_environment/thermostat.py" 2>/dev/null
fi
find "$folder/moved" -name 'sounder_*.so' | xargs readelf -d "$sounder" >dynamic
if grep -rnF "$build" "$folder/moved/lib/cmake" dynamic; then
  echo "what is installed speaks of the folder in which it was built" >&2
  exit 1
fi

# Versions that it cannot be.
for version in 0.1 0.3; do
  sed -i "s/sounder 0.[0-9] REQUIRED/sounder $version REQUIRED/" CMakeLists.txt
  if cmake -G Ninja -B other -DCMAKE_PREFIX_PATH="$folder/moved" >configured 2>&1; then exit 1; fi
  grep -q "compatible with requested version \"$version\"" <(tr -s ' \n' ' ' <configured)
done

# The documents are installed, each of them.
diff <(ls "$source/apps/docs") <(cd "$folder/moved/share/doc/sounder" && ls ./*.md | sed 's|^./||')
