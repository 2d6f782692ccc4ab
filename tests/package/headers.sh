#!/usr/bin/env bash
# headers.sh COMPILER BUILD: each header that is installed compiles alone, without a warning and with nothing of the tree
# at hand; and none is left that speaks of vectors, whose layout would follow from a user's -march.
set -euo pipefail
compiler=$1 build=$2
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >/dev/null

cd "$prefix/include"
[ -f sounder/sounder.h ]
find . -name '*.h' | sed 's|^\./||' | sort >../headers
flags="-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers -Werror -I ."
# In a relative folder, so that ccache, where there is one, knows a header again that has not changed.
mkdir alone
while IFS= read -r header; do echo "#include <$header>" >"alone/${header//\//.}.cpp"; done <../headers
CCACHE_BASEDIR=$prefix xargs -P 2 -I{} $(command -v ccache || true) $compiler $flags -c {} -o {}.o < <(find alone -name '*.cpp')
if grep -rnE '#include "|#include <(boost|fmt|torch)/|vector_size|interference_size' sounder; then
  echo "an installed header relies on what is not installed, or on the processor" >&2
  exit 1
fi
echo "$(wc -l <../headers) headers"
