#!/usr/bin/env bash
# Measures that every sharing scheme learns (sharing.md): tests/measurements/sharing_acceptance.sh [SEEDS, 10 unless told]
# Prints tables in Markdown; asserts nothing.
#
# First, each scheme of sharing_schemes.txt (name, options, most steps) trains CartPole-v1 with four workers until solved.
# Then four peers train on a pole length of their own each, and every peer's policy at the end plays 100 greedy episodes
# with each of the four lengths. The preset applies, but for the options that are shown.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/measurements/measuring.sh

seeds=$(count_of SEEDS "${1:-10}" 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# NAME | OPTIONS | seeds of 10 to be solved; "<": at most. Rounds come to the same on one thread, which waits for no other.
peers() {
  cat <<'END'
GALA||9
NEXT|--tracking gradient --mixing metropolis --threads 1|9
NEXT, half of the links down|--tracking gradient --mixing metropolis --link-probability 0.5 --threads 1|9
no links|--link-probability 1e-12|<0
END
}

lengths=(0.25 0.5 0.75 1.0)
# Half of the preset's rate, and twice its steps: with the preset's own, a peer that the system lets wait for a while may
# lack what only its length teaches.
peers_options=(--learning-rate 0.005 --steps 600000)
goal=475

# made COMMAND ARGUMENTS...: the program's JSON object.
made() { "$sounder" "$@" --json 2>"$folder/log" </dev/null || { cat "$folder/log" >&2; exit 1; }; }

# numbers KEY FILE: the value of a key in each line.
numbers() {
  local line
  while read -r line; do value "$1" <<<"$line"; done <"$2" | sed "s/null/$never/"
}

# least_returns RUN STEPS: of each peer's policy at the end of a run, the least mean return over the lengths.
least_returns() {
  local peer length
  for peer in 0 1 2 3; do
    for length in "${lengths[@]}"; do
      made evaluate "$1/checkpoints/$2.safetensors" --peer "$peer" --env-option "length=$length" | value mean
    done | least
  done
}

echo "CartPole-v1, four workers:"
echo
echo "| scheme | options | solved | steps | fewest | most |"
echo "|---|---|---|---|---|---|"
while IFS='|' read -r name options steps; do
  options=${options/PAIRS/2}
  read -ra arguments <<<"$options --steps $steps"
  : >"$folder/results"
  for seed in $(seq "$seeds"); do
    made train CartPole-v1 --preset CartPole-v1 --workers 4 --seed "$seed" "${arguments[@]}" --until-solved \
      --run "$folder/run" >>"$folder/results"
    rm -rf "$folder/run"
  done
  printf '| %s | %s | %s of %s | %s | %s | %s |\n' "$name" "${options:+\`$options\`}" \
    "$(grep -c '"solved":true' "$folder/results" || true)" "$seeds" "$(numbers solved_step "$folder/results" | median | shown 0)" \
    "$(numbers solved_step "$folder/results" | least | shown 0)" "$(numbers solved_step "$folder/results" | most | shown 0)"
done <tests/measurements/sharing_schemes.txt

all=$(IFS=,; echo "${lengths[*]}")
echo
echo "CartPole-v1, four peers of one worker each, with pole lengths of $all, \`${peers_options[*]}\`:"
echo
echo "| scheme | options | seeds in which all policies solve all lengths | policies that do | aim |"
echo "|---|---|---|---|---|"
while IFS='|' read -r name options aim; do
  read -ra arguments <<<"$options"
  all_peers=0
  policies=0
  for seed in $(seq "$seeds"); do
    steps=$(made train CartPole-v1 --workers 4 --sharing peers --env-option "length=$all" --seed "$seed" \
      "${peers_options[@]}" "${arguments[@]}" --run "$folder/run" | value steps)
    good=$(least_returns "$folder/run" "$steps" | awk -v goal="$goal" '$1 >= goal { ++n } END { print n + 0 }')
    rm -rf "$folder/run"
    policies=$((policies + good))
    all_peers=$((all_peers + (good == 4)))
  done
  printf '| %s | %s | %s of %s | %s of %s | %s |\n' "$name" "${options:+\`$options\`}" "$all_peers" "$seeds" \
    "$policies" "$((4 * seeds))" "$(sed 's/^</at most /' <<<"$aim") of 10"
done < <(peers)
cat <<END

$seeds seeds. *Solved*: a greedy mean of at least $goal in 100 episodes, within 300,000 steps (one random neuron: 3,000,000);
*steps* to it, all workers together: median, fewest and most; a seed that did not get there counts as one that takes for ever
("-"). *Policies*: the peers' at the end of a training.
END
echo "It took $((SECONDS / 60)) min $((SECONDS % 60)) s." >&2
