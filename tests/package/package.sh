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
cp "$source/apps/examples/thermostat/thermostat.cpp" "$source/apps/examples/own_network.cpp" "$folder/project"
cat >"$folder/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(own LANGUAGES CXX)
find_package(sounder 0.2 REQUIRED)
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
build/thermostat train Thermostat-v0 --steps 400 --workers 1 --set evaluation_episodes=2 2>/dev/null
if [ "$with_torch" = ON ]; then
  build/own_network train CartPole-v1 --network residual --workers 1 --steps 400 --set evaluation_episodes=2 2>/dev/null
fi
# The program that was moved has Python find what was moved with it.
if command -v python3 >/dev/null; then
  env -u PYTHONPATH "$folder/moved/bin/sounder" train --workers 1 --steps 400 --set evaluation_episodes=2 \
    --env-command "python3 $source/apps/examples/python_environment/thermostat.py" 2>/dev/null
fi
if grep -rn "$build" "$folder/moved/lib/cmake"; then
  echo "the package speaks of the folder in which it was built" >&2
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
