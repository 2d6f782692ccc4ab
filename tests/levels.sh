#!/usr/bin/env bash
# levels.sh OBJECT...: what is compiled for a level (core/level.h) defines nothing that other code shares. Of two copies of an
# inline function the linker keeps either: one that was compiled for a newer processor would end the program on an older one,
# wherever it is called. OBJECTs lie in folders named after their level: sounder_core_x86_64_v3.dir/.
set -euo pipefail
status=0
[ $# -gt 0 ]
for object in "$@"; do
  level=$(sed -nE 's#.*/sounder_[a-z_]+_(x86_64_v[0-9]|baseline)\.dir/.*#\1#p' <<<"$object")
  [ -n "$level" ] || { echo "$object is of no level" >&2; exit 1; }
  # nm writes address, type and name. Of the types, D and R are data, T and W functions that other objects see, W of those
  # of which the linker keeps one.
  defined=$(nm --demangle --defined-only "$object" | sed -nE 's/^[0-9a-f]* ([DRTW]) (.*)/\1 \2/p')
  grep -q "^[DR] sounder::$level::k" <<<"$defined" || { echo "$object has no table of kernels" >&2; exit 1; }
  leaks=$(grep "^[TW]" <<<"$defined" | grep -v "sounder::$level::" || true)
  if [ -n "$leaks" ]; then
    status=1
    printf '%s defines for all\n%s\n' "$object" "$leaks"
  fi
done
exit "$status"
