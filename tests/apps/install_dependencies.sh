#!/usr/bin/env bash
# Tests the choice of packages by apps/install_dependencies.sh on several systems, and its advice where a package is
# missing. apt, dpkg-query, sudo and id are replaced by stand-ins with lists of packages, which are those of the named
# systems (packages.debian.org, packages.ubuntu.com).
set -uo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/apps/install_dependencies.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

libraries="ninja-build 1.11
libfmt-dev 9.1.0
libcli11-dev 2.3.2
libtomlplusplus-dev 3.3.0
libcairo2-dev 1.16.0
libpng-dev 1.6.39
libopenblas0-pthread 0.3.21
ccache 4.8"
bookworm="$libraries
g++ 4:12.2.0-3
cmake 3.25.1-1
pkg-config 1.8.1-1
libboost-dev 1.74.0.3
libboost1.81-dev 1.81.0-5+deb12u1
libtorch-dev 1.13.1+dfsg-4"
trixie="$libraries
g++ 4:14.2.0-1
cmake 3.31.6-2
pkgconf 1.8.1-4
libboost-dev 1.83.0.2+b2
libboost1.83-dev 1.83.0-4.2
libtorch-dev 2.6.0+dfsg-7"
noble="$libraries
g++ 4:13.2.0-7ubuntu1
cmake 3.28.3-1build7
pkg-config 1.8.1-2build1
libboost-dev 1.83.0.1ubuntu2
libboost1.83-dev 1.83.0-2.1ubuntu3"
jammy="$libraries
g++ 4:11.2.0-1ubuntu1
cmake 3.22.1-1ubuntu1
pkg-config 0.29.2-1ubuntu3
libboost-dev 1.74.0.3ubuntu7
libtorch-dev 1.8.1-5"

mkdir "$folder/tools" "$folder/apt" "$folder/sudo"
for tool in bash cat dpkg env grep sed; do ln -s "$(command -v "$tool")" "$folder/tools/$tool"; done
# stand_in FOLDER NAME: its script is read from here.
stand_in() {
  { echo "#!$folder/tools/bash"; echo "folder=$folder"; cat; } >"$folder/$1/$2"
  chmod +x "$folder/$1/$2"
}
stand_in tools id <<<'cat "$folder/id"'
stand_in sudo sudo <<<'echo "sudo $*" >>"$folder/did"; exec "$@"'
stand_in apt apt-cache <<'END'
policy() { printf '%s:\n  Installed: (none)\n  Candidate: %s\n  Version table:\n' "$1" "$2"; }
if [ $# -eq 1 ]; then
  [ ! -e "$folder/lists" ] || echo " 500 http://deb.debian.org/debian bookworm/main amd64 Packages"
  exit
fi
version=$(sed -n "s/^$2 //p" "$folder/available")
if [ -e "$folder/lists" ] && [ "$version" ]; then
  policy "$2" "$version"
elif [[ $2 == *+* ]]; then # a pattern, which apt expands to the names of installed packages
  policy dpkg 1.22.22
  policy zlib1g 1:1.3.1
fi
END
stand_in apt apt-get <<'END'
echo "apt-get $*" >>"$folder/did"
case "$*" in
  update*) echo >"$folder/lists" ;;
  install*) while [[ $# -gt 0 ]]; do sed -n "s/^$1 /&/p" "$folder/available" >>"$folder/installed"; shift; done ;;
esac
END
stand_in apt dpkg-query <<<'version=$(sed -n "s/^$4 //p" "$folder/installed"); echo "${version:+installed $version}"'

# new_system PACKAGES: makes a bare system where these packages are available, without package lists, with root as its
# user.
new_system() {
  echo "$1" >"$folder/available"
  : >"$folder/installed"
  echo 0 >"$folder/id"
  rm -f "$folder/lists"
}
# install FOLDERS [ARGUMENTS]: runs the script with the stand-ins; sets said, exit_code and did.
install() {
  : >"$folder/did"
  said=$(PATH="$folder/tools${1:+:}$1" bash "$script" "${@:2}" 2>&1)
  exit_code=$?
  did=$(cat "$folder/did")
}
# expect WHAT EXPECTED GOT: checks that GOT matches the pattern EXPECTED.
expect() {
  # shellcheck disable=SC2053 # a pattern
  [[ $3 == $2 ]] && return
  status=1
  printf 'FAILED: %s: expected\n  %s\ngot\n  %s\n' "$1" "$2" "$3"
}
apt=$folder/apt
common="libfmt-dev libcli11-dev libtomlplusplus-dev libcairo2-dev libpng-dev"
options="-y -qq --no-install-recommends"

new_system "$bookworm"
install "$apt"
expect "Debian 12" "apt-get update -qq
apt-get install $options g++ cmake ninja-build pkg-config libboost1.81-dev $common libtorch-dev libopenblas0-pthread ccache" "$did"
expect "what it says, in a line" "Installing g++ cmake ninja-build *" "$said"
install "$apt"
expect "a second time" "0::" "$exit_code:$said:$did"

new_system "$trixie
catch2 3.7.1-0.5"
install "$apt" catch2
expect "Debian 13, with another package" "*
*g++ cmake ninja-build pkgconf libboost-dev $common catch2 libtorch-dev libopenblas0-pthread ccache" "$did"
install "$apt" catch2 python3
expect "a package that is not there, with lists that are" "0:No package of this system has python3: *:" "$exit_code:$said:$did"

new_system "$noble"
install "$apt"
expect "Ubuntu 24.04, without LibTorch and what it would call" "0:*
*g++ cmake ninja-build pkg-config libboost-dev $common ccache" "$exit_code:$did"
install "$apt"
expect "a second time without LibTorch" "0::" "$exit_code:$said:$did"

new_system "$jammy"
install "$apt"
expect "Ubuntu 22.04" "0:*has GCC 12 or later: *
*has CMake 3.25 or later: *https://cmake.org*
*has Boost 1.81 or later: *https://www.boost.org*" "$exit_code:$said"
expect "Ubuntu 22.04" "*
apt-get install $options ninja-build pkg-config $common ccache" "$did"

new_system "$bookworm"
echo 1000 >"$folder/id"
install "$apt:$folder/sudo"
expect "a user with sudo" "sudo apt-get update -qq
apt-get update -qq
sudo env DEBIAN_FRONTEND=noninteractive apt-get install *
apt-get install *" "$did"
new_system "$bookworm"
echo 1000 >"$folder/id"
install "$apt" catch2
expect "a user without sudo" "1:*as root: bash apps/install_dependencies.sh catch2:" "$exit_code:$said:$did"

install ""
expect "another system, without tools" "1:*install c++ cmake ninja pkg-config, *Boost (1.81 or later)*:" "$exit_code:$said:$did"
for tool in c++ cmake ninja pkg-config; do stand_in tools "$tool" <<<""; done
install ""
expect "another system, with the tools" "0::" "$exit_code:$said:$did"
exit "$status"
