#!/usr/bin/env bash
# Measures the figures of the README: tests/figures.sh [SEEDS, 20 unless told]. Needs a build (tests/run.sh or
# apps/quickstart.sh). Prints; asserts nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seeds=${1:-20}
sounder=$PWD/build/bin/sounder
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

number() { sed -E "s/.*\"$1\":([^,}]*).*/\1/"; }
# summary FORMAT: median (min to max) of a column of numbers; "null", an unsolved seed, counts as infinite.
summary() {
  sed 's/null/inf/' | sort -g | awk -v f="$1" '{x[NR] = $1} END {m = (NR + 1) / 2
    printf f " (" f " to " f ")", (x[int(m)] + x[int(m + 0.5)]) / 2, x[1], x[NR]}'
}

echo "CartPole-v1 until solved (greedy mean of 100 episodes >= 475), $seeds seeds, at most 300,000 steps"
echo "workers | solved | steps, median (min to max) | seconds | steps per second, evaluations included"
for workers in 1 2 4; do
  for seed in $(seq "$seeds"); do
    "$sounder" train CartPole-v1 --workers "$workers" --seed "$seed" --steps 300000 --until-solved --json \
      --run "$folder/$workers-$seed" 2>/dev/null
  done >"$folder/$workers.jsonl"
  solved=$(grep -c '"solved":true' "$folder/$workers.jsonl" || true)
  echo "$workers | $solved of $seeds | $(number solved_step <"$folder/$workers.jsonl" | summary %.0f) |" \
    "$(number solved_seconds <"$folder/$workers.jsonl" | summary %.2f) |" \
    "$(number steps_per_second <"$folder/$workers.jsonl" | summary %.0f)"
done

echo
echo "Training alone, without evaluations: steps per second of 5 runs, in turn, with one worker and with two"
for repetition in 1 2 3 4 5; do
  for workers in 1 2; do
    "$sounder" train CartPole-v1 --workers "$workers" --steps 100000 --set evaluation_interval=1000000000 \
      --set evaluation_episodes=1 --json --run "$folder/alone-$workers-$repetition" 2>/dev/null >>"$folder/alone-$workers"
  done
done
for workers in 1 2; do echo "$workers | $(number steps_per_second <"$folder/alone-$workers" | summary %.0f)"; done

echo
echo "Environments alone: million steps per second, median (min, max)"
"$sounder" envs --json | tr '{' '\n' | sed -nE 's/.*"id":"([^"]*)".*/\1/p' | while read -r environment; do
  "$sounder" check "$environment" 2>&1 | sed -nE "s/^It takes (.*) million.*\(median; (.*)\)/$environment: \1 (\2)/p"
done
