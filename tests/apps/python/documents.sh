#!/usr/bin/env bash
# documents.sh SOUNDER: tests the documents on environments in Python. The commands of own_environment_python.md, run
# unchanged, solve its example, and the script in README.md serves an environment of Gymnasium, which is replaced by a
# stand-in.
set -euo pipefail
sounder=$1
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# block FILE COMMENT: the fenced block that follows the comment.
block() {
  awk -v comment="<!-- tests/apps/python/documents.sh$2 -->" '
    /^```/ && inside { exit }
    inside { print }
    /^```/ && found { inside = 1 }
    $0 == comment { found = 1 }' "$source/$1"
}

block apps/docs/own_environment_python.md " runs these commands" >"$folder/commands.sh"
grep -q -- --env-command "$folder/commands.sh"
block README.md ": lander.py" >"$folder/lander.py"
grep -q 'gymnasium.make("LunarLander-v3")' "$folder/lander.py"

mkdir -p "$folder/build/bin"
ln -s "$sounder" "$folder/build/bin/sounder"
ln -s "$source/apps" "$folder/apps"
cd "$folder"
bash -euo pipefail commands.sh 2>&1 | tee output
grep -q '^Thermostat-v0 solved at step ' output
grep -q '^Thermostat-v0: 100 greedy episodes of runs/' output

cat >gymnasium.py <<'END'
import types

import sounder_env

class Lander:
    spec = types.SimpleNamespace(id="LunarLander-v3", max_episode_steps=10, reward_threshold=200)
    observation_space = sounder_env.Box(-1.0, 1.0, shape=(8,))
    action_space = sounder_env.Discrete(4)

    def reset(self, *, seed=None, options=None):
        return [0.0] * 8, {}

    def step(self, action):
        return [0.5] * 8, 1.0, False, False, {}

def make(id):
    return {"LunarLander-v3": Lander}[id]()
END
build/bin/sounder train --env-command "python3 lander.py" --workers 2 --steps 200 --set evaluation_episodes=2 --json \
  2>trained >summary || { cat trained; exit 1; }
grep -q '"env":"LunarLander-v3"' summary
