#!/usr/bin/env bash
# Installs what building Sounder takes, where it is missing: through apt on Debian and Ubuntu, with sudo where not root.
# Elsewhere it names what is missing and stops. Arguments: further packages (Debian's names).
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config ccache libtorch-dev libopenblas0-pthread libboost1.81-dev libfmt-dev libcli11-dev
  libtomlplusplus-dev libcairo2-dev "$@")
commands=(c++ cmake ninja pkg-config)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  missing=()
  for command in "${commands[@]}"; do command -v "$command" >/dev/null || missing+=("$command"); done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "This is not Debian or Ubuntu: please install ${missing[*]}, and the libraries LibTorch (1.13 or later)," \
      "Boost (1.81 or later), fmt, CLI11, toml++, cairo and Catch2, then run this again." >&2
    exit 1
  fi
  exit 0 # CMake names each library that it does not find
fi

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=()
for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Missing packages: ${missing[*]}. Please install them as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
