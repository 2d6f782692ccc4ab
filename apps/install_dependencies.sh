#!/usr/bin/env bash
# Installs the missing dependencies of a build of Sounder: with apt on Debian and Ubuntu, with sudo unless run as root,
# choosing for each library a package that this system has. Names dependencies without a package, with what to do.
# LibTorch may be missing. Arguments: further packages (Debian's names).
set -euo pipefail
export LC_ALL=C

# "WHAT|where else it comes from|PACKAGE or PACKAGE>=VERSION, the first that exists"
needed=(
  "GCC 12 or later|or name another C++20 compiler in CXX|g++>=4:12"
  "CMake 3.25 or later|https://cmake.org/download|cmake>=3.25"
  "Ninja|https://ninja-build.org|ninja-build"
  "pkg-config|https://github.com/pkgconf/pkgconf|pkg-config pkgconf"
  "Boost 1.81 or later|https://www.boost.org; its headers are enough|libboost-dev>=1.81 libboost1.83-dev libboost1.81-dev"
  "fmt|https://github.com/fmtlib/fmt|libfmt-dev"
  "CLI11|https://github.com/CLIUtils/CLI11|libcli11-dev"
  "toml++|https://github.com/marzer/tomlplusplus|libtomlplusplus-dev"
  "cairo|https://www.cairographics.org|libcairo2-dev"
  "libpng|http://www.libpng.org|libpng-dev"
)
for package in "$@"; do needed+=("$package|see its home page|$package"); done
# Optional dependencies.
torch="libtorch-dev>=1.13"
wanted=(ccache)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  missing=()
  for command in c++ cmake ninja pkg-config; do command -v "$command" >/dev/null || missing+=("$command"); done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "This is neither Debian nor Ubuntu: please install ${missing[*]}, and with their headers Boost (1.81 or later)," \
      "fmt, CLI11, toml++, cairo and libpng; LibTorch (1.13 or later) for convolutions and networks of your own; Catch2 for the" \
      "tests. Then run this again." >&2
    exit 1
  fi
  exit 0 # CMake names each library that is missing
fi

# suits VERSION PACKAGE[>=OLDEST]: succeeds if there is such a version and it is not too old.
suits() {
  [ -n "$1" ] && [ "$1" != "(none)" ] && { [[ $2 != *">="* ]] || dpkg --compare-versions "$1" ge "${2#*>=}"; }
}
installed() {
  suits "$(dpkg-query -W -f '${db:Status-Status} ${Version}' "${1%%>=*}" 2>/dev/null | sed -n 's/^installed //p')" "$1"
}
# apt treats an unknown name as a pattern ("g++"), so only the entry of the exact name counts.
available() { suits "$(apt-cache policy "${1%%>=*}" | sed -n "/^${1%%>=*}:\$/{n;n;s/^  Candidate: //p}")" "$1"; }

# first TEST PACKAGE...: prints the name of the first package that passes.
first() {
  local package test=$1
  shift
  for package in "$@"; do
    if "$test" "$package"; then
      echo "${package%%>=*}"
      return
    fi
  done
  return 1
}

# choose: sets `packages`, the packages to install, and `absent`, a sentence about each dependency without a package
# here.
choose() {
  packages=()
  absent=()
  local entry what elsewhere names package
  for entry in "${needed[@]}"; do
    IFS="|" read -r what elsewhere names <<<"$entry"
    read -ra names <<<"$names"
    if first installed "${names[@]}" >/dev/null; then continue; fi
    if package=$(first available "${names[@]}"); then
      packages+=("$package")
    else
      absent+=("No package of this system has $what: where it is not there already, install it by hand ($elsewhere).")
    fi
  done
  # LibTorch calls a BLAS, of which OpenBLAS is a fast one.
  if installed "$torch" || available "$torch"; then wanted=("$torch" libopenblas0-pthread ccache); fi
  for package in "${wanted[@]}"; do
    if ! installed "$package" && available "$package"; then packages+=("${package%%>=*}"); fi
  done
}

choose
listed=$(apt-cache policy | grep -c "://" || true) # 0 if apt has no package lists yet
if [ ${#packages[@]} -gt 0 ] || { [ ${#absent[@]} -gt 0 ] && [ "$listed" -eq 0 ]; }; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Packages are missing, and there is no sudo. Please run as root: bash apps/install_dependencies.sh $*" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  choose
fi
[ ${#absent[@]} -eq 0 ] || printf '%s\n' "${absent[@]}" >&2
[ ${#packages[@]} -gt 0 ] || exit 0
echo "Installing ${packages[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
