#!/usr/bin/env bash
# completion.sh PROGRAM: shells complete the program's words by the scripts that it prints. Those that are not here are
# passed over.
set -euo pipefail
PATH=$(cd "$(dirname "$1")" && pwd):$PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir runs runs/mine
touch notes.json

# complete_in_bash WORDS...: what bash would offer for the last word.
complete_in_bash() {
  COMP_WORDS=(sounder "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _sounder
  printf '%s\n' "${COMPREPLY[@]}"
}
eval "$(sounder completion bash)"
complete -p sounder | grep -q -- '-F _sounder sounder'
[ "$(complete_in_bash eva)" = evaluate ]
[ "$(complete_in_bash evaluate ru)" = runs/mine ]
[ "$(complete_in_bash train MountainCarC)" = MountainCarContinuous-v0 ]
[ "$(complete_in_bash train --optimizer = adag)" = adagrad ]
[ -z "$(complete_in_bash replay no)" ] # files, which bash offers by itself

if command -v fish >/dev/null; then
  sounder completion fish >completion.fish
  offered() { fish --no-config -c "source completion.fish; complete -C '$1'" | cut -f 1; }
  [ "$(offered 'sounder eva')" = evaluate ]
  [ "$(offered 'sounder train MountainCarC')" = MountainCarContinuous-v0 ]
else
  echo "fish is not here"
fi

if command -v zsh >/dev/null; then
  sounder completion zsh >_sounder
  # Completing takes a terminal; what the script asks for does not.
  [ "$(zsh -fc 'compdef() { :; }; source ./_sounder; compadd() { shift; print -l -- "$@"; }
                words=(sounder eva) CURRENT=2; _sounder')" = evaluate ]
else
  echo "zsh is not here"
fi
