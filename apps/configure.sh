#!/usr/bin/env bash
# Configures build/ as Release, with LibTorch if it is found. Otherwise lists what is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p build
cmake --preset release -DSOUNDER_WITH_TORCH=AUTO >build/configure.log 2>&1 || {
  cat build/configure.log >&2
  exit 1
}
sed -n 's/^-- Without LibTorch/Without LibTorch/p' build/configure.log
