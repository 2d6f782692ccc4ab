#!/usr/bin/env bash
# From a fresh clone to a trained and evaluated policy: installs missing dependencies, builds Release, trains
# CartPole-v1 until it is solved, and evaluates the saved policy over 100 episodes. A second run installs and rebuilds
# nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash apps/install_dependencies.sh
bash apps/configure.sh
echo "Building (a few minutes the first time)"
cmake --build --preset release --target sounder -- --quiet

sounder=build/bin/sounder
echo
echo "\$ $sounder train CartPole-v1 --until-solved"
"$sounder" train CartPole-v1 --until-solved
run=$(readlink -f runs/latest)
run=runs/${run##*/}
echo
echo "\$ $sounder evaluate $run --episodes 100"
"$sounder" evaluate "$run" --episodes 100
cat <<END

The run is in $run: its configuration, learning curves, evaluations and checkpoints. What to try next:
  $sounder watch $run                        see the policy balance the pole
  $sounder plot $run -o curve.png            draw its learning curve
  $sounder train CartPole-v1 --workers 4 --seed 7 --until-solved
  $sounder train --help                      everything that can be set
END
