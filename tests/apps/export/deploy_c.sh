#!/usr/bin/env bash
# deploy_c.sh SOUNDER: the commands of apps/examples/deploy_c/README.md, run as they stand there, train a policy, export
# it, and balance a pole with it in C.
set -euo pipefail
sounder=$1
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
source "$source/tests/documented.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
ln -s "$sounder" "$folder/bin/sounder"
export PATH=$folder/bin:$PATH
cp "$source/apps/examples/deploy_c/main.c" "$folder"
commands_of "$source/apps/examples/deploy_c/README.md" tests/apps/export/deploy_c.sh >"$folder/commands.sh"
grep -q 'sounder export' "$folder/commands.sh"
cd "$folder"
bash -euo pipefail commands.sh >output 2>said || { cat output said; exit 1; }
grep -E '^balanced for [0-9]+ of 500 steps on average, [0-9.]+ microseconds an action$' output
# The compiler, which came after the export, had nothing to say.
if sed '1,/^policy.h: /d' said | grep .; then exit 1; fi
