#!/usr/bin/env bash
# Configures build/ as Release, with LibTorch where it is found. Where not, it says what that leaves out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p build
cmake --preset release -DSOUNDER_WITH_TORCH=AUTO >build/configure.log 2>&1 || {
  cat build/configure.log >&2
  exit 1
}
sed -n 's/^-- Without LibTorch/Without LibTorch/p' build/configure.log
