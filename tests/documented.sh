# shellcheck shell=bash
# What the scripts that run documents' commands share; for being sourced.

# block_of DOCUMENT MARK: the block that follows the line `<!-- MARK -->`.
block_of() {
  awk -v marker="<!-- $2 -->" '
    /^```/ && inside { exit }
    inside { print }
    /^```/ && found { inside = 1 }
    $0 == marker { found = 1 }' "$1"
}

# commands_of DOCUMENT SCRIPT: the commands in the document's block that it says SCRIPT runs.
commands_of() { block_of "$1" "$2 runs these commands"; }

# run_commands FILE: runs the commands of a file, each where the one before left off, and says how long it took. The end of
# what each says is shown; that of the last one stays in FILE.said. Ends with the first one that fails.
run_commands() {
  local command began
  while IFS= read -r command <&3; do
    echo "\$ $command"
    began=$EPOCHREALTIME
    eval "$command" >"$1.said" 2>&1 || { cat "$1.said"; exit 1; }
    tail -n 12 "$1.said"
    awk -v began="$began" -v ended="$EPOCHREALTIME" 'BEGIN { printf "(%.1f s)\n", ended - began }'
  done 3<"$1"
}

# follow_example NAME COUNT: installs the build folder `build` in an empty home folder in `folder`, and runs the COUNT commands
# of the README of an example of `source` in a copy of it, where the script is then. What they say is in the file `said`.
# shellcheck disable=SC2154 # the script's
follow_example() {
  export HOME=$folder/home
  mkdir "$HOME"
  cmake --install "$build" --prefix "$HOME/.local" >/dev/null
  cp -r "$source/apps/examples/$1" "$folder/$1"
  cd "$folder/$1" || exit
  awk '/^```/ { inside = /^```sh/; next } inside' README.md >commands
  [ "$(wc -l <commands)" -eq "$2" ]
  run_commands "$PWD/commands" | tee said
}
