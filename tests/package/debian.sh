#!/usr/bin/env bash
# debian.sh BUILD WITH_TORCH: cpack makes Debian packages with what each is to have, which depend on what their programs load,
# and on nothing of LibTorch but the one that has its networks.
set -euo pipefail
build=$1 with_torch=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cpack --config "$build/CPackConfig.cmake" -B "$folder" >"$folder/log" || { cat "$folder/log"; exit 1; }

package() { ls "$folder/$1"_*.deb; }
has() { dpkg-deb -c "$(package "$1")" | awk '{ print $6 }' | grep -qE -- "^\./usr/$2\$" || { echo "$1 lacks $2"; exit 1; }; }
depends() { dpkg-deb -f "$(package "$1")" Depends; }
has sounder bin/sounder
has sounder share/man/man1/sounder.1
has sounder share/sounder/presets/CartPole-v1.toml
has sounder share/bash-completion/completions/sounder
has libsounder-dev include/sounder/sounder.h
has libsounder-dev '(lib|lib/[^/]+)/libsounder_core.a'
has libsounder-dev '(lib|lib/[^/]+)/cmake/sounder/sounderConfig.cmake'
[[ $(depends sounder) == *libc6* && $(depends sounder) == *libcairo2* ]]
if [[ $(depends sounder) == *torch* ]]; then echo "sounder depends on LibTorch"; exit 1; fi
if [ "$with_torch" = ON ]; then
  has sounder-torch '(lib|lib/[^/]+)/sounder/sounder_torch.so'
  [[ $(depends sounder-torch) == *libtorch* && $(depends sounder-torch) == *"sounder (= "* ]]
fi

# Unpacked elsewhere, the program runs, and finds its module.
dpkg-deb -x "$(package sounder)" "$folder/root"
[ "$with_torch" = ON ] && dpkg-deb -x "$(package sounder-torch)" "$folder/root"
cd "$folder"
root/usr/bin/sounder train CartPole-v1 --steps 2000 --run run --json >/dev/null 2>&1
if [ "$with_torch" = ON ]; then
  root/usr/bin/sounder train CartPole-v1 --steps 200 --backend torch --run torch --json >/dev/null 2>&1
fi
