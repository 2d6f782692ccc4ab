#!/usr/bin/env bash
# portable.sh PROGRAM: outside of the namespaces of levels (core/level.h), a program has no instruction that a processor of the
# lowest level lacks: none of AVX's, which all begin with a v, and of those that came with AVX2.
set -euo pipefail
program=$1
wide=$(objdump --disassemble --no-show-raw-insn --demangle "$program" | awk '
  /^[0-9a-f]+ <.*>:$/ { name = $0; sub(/^[0-9a-f]+ </, "", name); sub(/>:$/, "", name); next }
  $2 ~ /^(v[a-z].*|andn|bextr|bls[ir]|blsmsk|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt|movbe)[lq]?$/ { count[name]++ }
  END { for (name in count) print count[name], name }')
levels='sounder::x86_64_v[34]::'
# The table is not empty: what is looked for would be found.
[ "$(grep -cE "$levels" <<<"$wide")" -ge 4 ]
if grep -vE "$levels" <<<"$wide"; then
  echo "these functions of $program take a newer processor (how many such instructions, name)" >&2
  exit 1
fi
