#!/usr/bin/env bash
# unbuilt.sh BUILD: where the program alone was built, installing makes the manual and what else is missing, and installs it;
# where nothing is missing, it builds nothing.
set -euo pipefail
build=$1
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
page=share/man/man1/sounder.1

rm -f "$build/apps/install/sounder.1" "$build/agents/libsounder_torch.a"
cmake --install "$build" --prefix "$prefix/first" >"$prefix/log"
grep -q "Building what is to be installed" "$prefix/log"
grep -q '^\.SS sounder train' "$prefix/first/$page"

cmake --install "$build" --prefix "$prefix/second" >"$prefix/log"
if grep -q "Building what is to be installed" "$prefix/log"; then exit 1; fi
cmp "$prefix/first/$page" "$prefix/second/$page"
