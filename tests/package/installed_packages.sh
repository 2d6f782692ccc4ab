#!/usr/bin/env bash
# installed_packages.sh FOLDER: in a bare Debian, as root: the packages in FOLDER bring all that they need, do what they are
# for, and leave nothing behind. For tests/on_debian.sh.
set -euo pipefail
folder=$1
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export DEBIAN_FRONTEND=noninteractive HOME=/root
work=$(mktemp -d)
apt-get update -qq
names() { find / -xdev \( -path /proc -o -path /sys -o -path "$folder" -o -path "$source" -o -path "$work" \) -prune -o -iname '*sounder*' -print; }
[ -z "$(names)" ] || { echo "expected a system without Sounder; it has:" && names && exit 1; }

apt-get install -y -qq --no-install-recommends "$folder"/sounder_*.deb >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
cd "$work"
sounder --version
sounder train CartPole-v1 --until-solved --run run
sounder plot run -o curve.png
sounder train CartPole-v1 --steps 100 --backend torch --run torch && echo "expected an error without sounder-torch" && exit 1

# The module, with which the program finds LibTorch.
apt-get install -y -qq --no-install-recommends "$folder"/sounder-torch_*.deb >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
sounder train Catch-v0 --network cnn --steps 2000 --run torch

# A program of one's own: the steps of apps/examples/deploy/README.md, without a build of Sounder.
apt-get install -y -qq --no-install-recommends "$folder"/libsounder-dev_*.deb cmake ninja-build >"$work/log" 2>&1 ||
  { cat "$work/log" && exit 1; }
sounder train Pendulum-v1 --workers 1 --seed 1 --steps 5000 --run pendulum
cp -r "$source/apps/examples/deploy" "$source/apps/examples/embed" .
for example in deploy embed; do
  cmake -S $example -B $example/build -G Ninja -DCMAKE_BUILD_TYPE=Release >"$work/log" || { cat "$work/log" && exit 1; }
  cmake --build $example/build
done
deploy/build/deploy pendulum 1
embed/build/embed

# Removed.
apt-get purge -y -qq sounder sounder-torch libsounder-dev >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
[ -z "$(names)" ] || { echo "expected nothing left; there is:" && names && exit 1; }
echo "installed, used and removed without a trace"
