#!/usr/bin/env bash
# Measures the figures in figures.md: tests/measurements/figures.sh [SEEDS, 50 unless told]. Needs a build (tests/run.sh
# or apps/quickstart.sh). Prints; asserts nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seeds=${1:-50}
sounder=$PWD/build/bin/sounder
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

number() { sed -E "s/.*\"$1\":([^,}]*).*/\1/"; }
# summary FORMAT: median (min to max) of a column of numbers; "null", an unsolved seed, counts as infinite.
summary() {
  sed 's/null/inf/' | sort -g | awk -v f="$1" '{x[NR] = $1} END {m = (NR + 1) / 2
    printf f " (" f " to " f ")", (x[int(m)] + x[int(m + 0.5)]) / 2, x[1], x[NR]}'
}
# train NAME WORKERS SEED ARGUMENTS...: appends the run's summary to the file NAME.
train() {
  local name=$1 workers=$2 seed=$3
  shift 3
  "$sounder" train "$@" --workers "$workers" --seed "$seed" --json --run "$folder/run" 2>/dev/null >>"$folder/$name"
  rm -rf "$folder/run"
}

echo "CartPole-v1 until solved (greedy mean of 100 episodes >= 475), $seeds seeds, at most 300,000 steps"
echo "workers | solved | steps, median (min to max) | seconds | steps per second, evaluations included"
for seed in $(seq "$seeds"); do # in turn, so that the machine's moods meet all alike
  for workers in 1 2 4; do train "cart-$workers" "$workers" "$seed" CartPole-v1 --steps 300000 --until-solved; done
done
for workers in 1 2 4; do
  log=$folder/cart-$workers
  solved=$(grep -c '"solved":true' "$log" || true)
  echo "$workers | $solved of $seeds | $(number solved_step <"$log" | summary %.0f) |" \
    "$(number solved_seconds <"$log" | summary %.3f) | $(number steps_per_second <"$log" | summary %.0f)"
done

echo
echo "Pendulum-v1 to a greedy mean of -200 over 100 episodes, two workers, $seeds seeds, at most 4,000,000 steps"
echo "reached | steps | seconds | best mean"
for seed in $(seq "$seeds"); do train pendulum 2 "$seed" Pendulum-v1 --until-return -200; done
log=$folder/pendulum
reached=$(grep -c '"stopped_by":"target_reached"' "$log" || true)
echo "$reached of $seeds | $(number steps <"$log" | summary %.0f) | $(number seconds <"$log" | summary %.2f) |" \
  "$(number best_mean_return <"$log" | summary %.0f)"

echo
echo "Environments alone: million steps per second, median (min, max)"
"$sounder" envs --json | tr '{' '\n' | sed -nE 's/.*"id":"([^"]*)".*/\1/p' | while read -r environment; do
  "$sounder" check "$environment" 2>&1 | sed -nE "s/^It takes (.*) million.*\(median; (.*)\)/$environment: \1 (\2)/p"
done

if [ -x /usr/bin/time ]; then
  echo
  echo "Peak memory, kB: the program's start alone, and a run of CartPole-v1 with eight workers"
  /usr/bin/time -f %M "$sounder" envs 2>&1 >/dev/null | tail -n 1
  /usr/bin/time -f %M "$sounder" train CartPole-v1 --workers 8 --steps 1000000 --run "$folder/run" 2>&1 >/dev/null |
    tail -n 1
fi

echo
"$sounder" bench 2>&1
