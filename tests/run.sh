#!/usr/bin/env bash
# Installs what is missing, builds Release, and runs every test. A second time it installs and rebuilds nothing. The last
# line counts the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash apps/install_dependencies.sh catch2 python3 python3-numpy doxygen dpkg-dev file
bash apps/configure.sh
cmake --build --preset release
echo "Built in $SECONDS s"
bash tests/ctest.sh build
