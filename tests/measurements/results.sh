#!/usr/bin/env bash
# Measures the results in results.md, from the presets alone, and prints them as a table in Markdown:
#   tests/measurements/results.sh [SEEDS, 10 unless told] [--only PATTERN] [--dir DIR]
# PATTERN is an extended regular expression for rows as they are called: "CartPole-v1 --algorithm a2c". DIR keeps the
# runs; started again with it, what has finished is not repeated. It measures and asserts nothing: it fails if a run does.
#
# Each row is `sounder sweep ENV OPTIONS --workers 2 --seeds SEEDS --jobs 1`: trainings, one at a time, for as many
# steps as the preset says. Then each run's best checkpoint plays 100 greedy episodes that did not choose it
# (`sounder evaluate RUN...`).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/measurements/measuring.sh

read_arguments 2 "" "$@"
if [ -z "$folder" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi

# ENV OPTIONS | seeds of 10 to be solved | interquartile mean to reach; "<": at most; empty: nothing is aimed at.
goals() {
  cat <<'END'
CartPole-v1|10|500
Acrobot-v1|10|-80
MountainCar-v0|9|-108
MountainCarContinuous-v0|10|93
Pendulum-v1|10|-160
CartPoleMasked-v1|9|475
CartPoleMasked-v1 --memory none|<0|
Catch-v0|10|0.99
TMaze-v0|10|0.99
TMaze-v0 --memory none|<0|<0.6
MultiBandit-v0|10|9.9
MultiSwitch-v0|10|9.9
CartPoleSwingUp-v0|9|430
CliffWalking-v1|9|-13
Corridor-v0|10|11.88
DoubleIntegrator-v0|10|-1.879
FrozenLake-v1|9|0.7
LinearQuadratic-v0|10|-508.4
Reacher2D-v0|9|-32
Taxi-v3||7.5
CartPole-v1 --algorithm a2c|9|
CartPole-v1 --algorithm n_step_q|9|
CartPole-v1 --algorithm one_step_q|9|
CartPole-v1 --algorithm one_step_sarsa|9|
END
}

# A row for every preset of an environment for an algorithm of its own, besides those above.
more_rows() {
  "$sounder" envs --json | grep -oE '"id":"[^"]*"' | cut -d '"' -f 4 | while read -r environment; do
    "$sounder" envs "$environment" --json | value presets | tr -d '"' | tr , '\n' |
      sed -nE "s/^$environment\.(.+)\$/$environment --algorithm \1||/p"
  done
}

# threshold ENV: the mean return at which it is solved.
threshold() {
  local known
  known=$("$sounder" envs "$1" --json | value reward_threshold)
  if [ "$known" = null ]; then echo -200; else echo "$known"; fi # Pendulum-v1 has none
}

# setting KEY FILE: a value of a configuration, without quotes and brackets.
setting() { sed -nE "s/^$1 = (.*)\$/\1/p" "$2" | tr -d '"[]'; }

# network FILE: what a configuration learns with, in a few words.
network() {
  local text memory
  text="$(setting network "$1") $(setting hidden "$1")"
  if [ "$(setting network "$1")" = cnn ]; then text="cnn $(setting channels "$1"), then $(setting hidden "$1")"; fi
  memory=$(setting memory "$1")
  if [ "$memory" != none ]; then text+=", $memory $(setting memory_units "$1")"; fi
  echo "$text"
}

# first_reached RUN THRESHOLD: step and seconds of the first evaluation with such a mean return.
first_reached() {
  paste -d ' ' <(column step "$1/evaluations.csv") <(column seconds "$1/evaluations.csv") \
    <(column mean "$1/evaluations.csv") |
    awk -v threshold="$2" -v never="$never" '
      $3 >= threshold { print $1, $2; found = 1; exit }
      END { if (!found) print never, never }'
}

# verdict SOLVED IQM SEEDS_GOAL MEAN_GOAL: what is aimed at, and whether it is met.
verdict() {
  awk -v solved="$1" -v iqm="$2" -v seeds_goal="$3" -v mean_goal="$4" -v seeds="$seeds" '
    function met(value, goal) {
      return goal ~ /^</ ? value <= substr(goal, 2) + 1e-9 : value >= goal - 1e-9
    }
    function words(goal) { return goal ~ /^</ ? "at most " substr(goal, 2) : goal }
    BEGIN {
      if (seeds_goal == "" && mean_goal == "") { print "-"; exit }
      all = 1
      if (seeds_goal != "") {
        text = words(seeds_goal) " of 10"
        all = met(solved * 10 / seeds, seeds_goal)
      }
      if (mean_goal != "") {
        text = text (text == "" ? "mean " : ", mean ") words(mean_goal)
        all = all && met(iqm, mean_goal)
      }
      print text ": " (all ? "met" : "**not met**")
    }'
}

failed=0
# measure ROW SEEDS_GOAL MEAN_GOAL: a row of the table.
measure() {
  local arguments environment goal sweep run runs=() evaluated solved interval
  read -ra arguments <<<"$1"
  environment=${arguments[0]}
  goal=$(threshold "$environment")
  sweep=$folder/$(tr -c 'A-Za-z0-9\n' _ <<<"$1")
  if ! "$sounder" sweep "${arguments[@]}" --workers 2 --seeds "$seeds" --jobs 1 --dir "$sweep" --json \
    >"$sweep.json" 2>"$sweep.log" || [ "$(value failed <"$sweep.json")" != 0 ]; then
    failed=1
    echo "| $environment | ${arguments[*]:1} failed | | | | | | | |"
    cat "$sweep.log" "$sweep.json" >&2
    return
  fi
  for run in $(seq "$seeds"); do runs+=("$sweep/trials/$run"); done
  evaluated=$("$sounder" evaluate "${runs[@]}" --episodes 100 --json)
  # The first mean is that over the runs.
  solved=$(grep -oE '"mean":[-+0-9.E]+' <<<"$evaluated" |
    awk -F : -v goal="$goal" 'NR > 1 && $2 >= goal { ++n } END { print n + 0 }')
  for run in "${runs[@]}"; do first_reached "$run" "$goal"; done >"$sweep.reached"
  interval=$(value iqm_ci95 <<<"$evaluated")
  printf '| %s | %s | %s | %s | %s of %s | %s (%s to %s) | %s | %s | %s | %s |\n' \
    "$environment" "$(setting algorithm "$sweep/trials/1.toml")" "$(network "$sweep/trials/1.toml")" \
    "$(awk '{ printf "%g", $1 }' <<<"$goal")" "$solved" "$seeds" "$(value iqm <<<"$evaluated" | shown 2)" \
    "$(shown 2 <<<"${interval%,*}")" "$(shown 2 <<<"${interval#*,}")" "$(cut -d ' ' -f 1 "$sweep.reached" | median | shown 0)" \
    "$(cut -d ' ' -f 2 "$sweep.reached" | median | shown 2)" "$(cut -d ' ' -f 2 "$sweep.reached" | most | shown 2)" \
    "$(verdict "$solved" "$(value iqm <<<"$evaluated")" "$2" "$3")"
}

mkdir -p "$folder"
{
  goals
  more_rows
} | awk -F '|' -v pattern="$pattern" '!seen[$1]++ && $1 ~ pattern' >"$folder/rows"
if [ ! -s "$folder/rows" ]; then
  echo "no row is called anything like '$pattern'" >&2
  exit 2
fi

echo "| environment | algorithm | network | threshold | solved | greedy mean | steps to it | seconds to it | slowest seed | aim |"
echo "|---|---|---|---|---|---|---|---|---|---|"
while IFS='|' read -r row seeds_goal mean_goal; do
  measure "$row" "$seeds_goal" "$mean_goal" </dev/null
done <"$folder/rows"
cat <<END

Two workers, $seeds seeds, each trained for as many steps as its preset says. *Solved*: the best checkpoint reaches the
threshold in 100 new greedy episodes (Pendulum-v1 has no threshold: -200 stands in). *Greedy mean*: of these episodes, the
interquartile mean over seeds with its 95 % bootstrap interval. *Steps* and *seconds* of training up to the first evaluation at
the threshold, evaluations included: medians, and the slowest seed; a seed that did not get there counts as one that takes
for ever ("-").
END
echo "It took $((SECONDS / 60)) min $((SECONDS % 60)) s." >&2
exit "$failed"
