#!/usr/bin/env bash
# readme.sh SOUNDER: the README quotes the example in Python as it is, and its commands, run as they stand, solve it.
set -euo pipefail
sounder=$1
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# quoted NAME: the block that follows the comment of that name.
quoted() { sed -n "/^<!-- tests\/apps\/python\/readme.sh: $1 -->\$/,/^\`\`\`\$/p" "$source/README.md" | sed '1,2d;$d'; }

diff <(quoted thermostat.py) "$source/apps/examples/python_environment/thermostat.py"
quoted commands >"$folder/commands.sh"
grep -q -- --env-command "$folder/commands.sh"
mkdir -p "$folder/build/bin"
ln -s "$sounder" "$folder/build/bin/sounder"
ln -s "$source/apps" "$folder/apps"
cd "$folder"
bash -euo pipefail commands.sh 2>&1 | tee output
grep -q '^Thermostat-v0 solved at step ' output
grep -q '^Thermostat-v0: 100 greedy episodes of runs/' output
