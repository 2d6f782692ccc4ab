#!/usr/bin/env bash
# Compares the ways to share what workers learn (sharing.md):
#   tests/measurements/sharing.sh [SEEDS, 10 unless told] [--only PATTERN] [--dir DIR, runs/sharing unless told]
# The variable WORKERS sets the number of workers, as many as there are cores unless told. PATTERN is an extended regular
# expression for environments. DIR keeps what came of each training; started again with it, what has finished is not
# repeated. Prints tables in Markdown, and leaves them in DIR as sharing.csv, a row per training, with pictures beside
# it; asserts nothing. Needs python3.
#
# All schemes have the same workers, each on its own thread, the environment's preset and its number of steps. Each seed
# trains twice: for the score, and for 500,000 steps without evaluations, for throughput and what is shared. The schemes
# take turns seed by seed, so that the machine's moods meet all alike.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/measurements/measuring.sh

workers=$(count_of WORKERS "${WORKERS:-$(nproc)}" 2)
delay=10 # microseconds after each step: many times what a step takes otherwise
read_arguments 1 runs/sharing "$@"
environments=$(printf '%s\n' CartPole-v1 Acrobot-v1 Pendulum-v1 CartPoleSwingUp-v0 | grep -E -- "$pattern") ||
  { echo "no environment is called anything like '$pattern'" >&2; exit 2; }
mkdir -p "$folder"
if [ -e "$folder/workers" ] && [ "$(<"$folder/workers")" != "$workers" ]; then
  echo "$folder is of $(<"$folder/workers") workers; expected another --dir for $workers" >&2
  exit 2
fi
echo "$workers" >"$folder/workers"

# Rows of the tables: NAME | OPTIONS.
schemes() {
  # Pairs need a ring of at least two.
  awk -F '|' -v workers="$workers" '$2 !~ /PAIRS/ || (workers >= 4 && workers % 2 == 0) {
    sub("PAIRS", workers / 2, $2)
    print $1 "|" $2
  }' tests/measurements/sharing_schemes.txt
}
pushes() {
  local every
  for every in 1 2 4 8 16; do echo "$every|--sharing server --push-every $every --fetch-every $every"; done
}
neurons() {
  local random='--blocks neuron --block-choice random --steps 3000000'
  cat <<END
all|--steps 3000000
hidden 0.25, outputs 1|$random --block-rates *body*=0.25;*head*=1
hidden 1, outputs 0.25|$random --block-rates *body*=1;*head*=0.25
half of them|$random --block-rates *=0.5
a tenth|$random --block-rates *=0.1
one|$random --blocks-per-update 1
END
}
peers() {
  cat <<'END'
GALA|--sharing peers
NEXT, half of the links down|--sharing peers --tracking gradient --mixing metropolis --link-probability 0.5
no links|--sharing peers --link-probability 1e-12
END
}

# train RESULT ARGUMENTS...: a training's summary in RESULT.json, and its reports in RESULT.csv.
train() {
  local result=$1
  shift
  if [ -e "$result.json" ]; then return; fi
  mkdir -p "$(dirname "$result")"
  rm -rf "$folder/run"
  "$sounder" train "$@" --json --run "$folder/run" >"$folder/summary" 2>"$folder/log" </dev/null ||
    { cat "$folder/log" >&2; exit 1; }
  cp "$folder/run/progress.csv" "$result.csv"
  rm -rf "$folder/run"
  mv "$folder/summary" "$result.json"
}

# measure TABLE ENVIRONMENT DELAY KINDS ARGUMENTS...: the rows of a table, for one environment. Of kinds of trainings there
# are "score" and "free".
measure() {
  local table=$1 environment=$2 straggler=$3 kinds=$4 seed name options kind arguments stop=()
  shift 4
  "$table" | cut -d '|' -f 1 >"$folder/$table.rows"
  if [ "$("$sounder" envs "$environment" --json | value reward_threshold)" != null ]; then stop=(--until-solved); fi
  for seed in $(seq "$seeds"); do
    while IFS='|' read -r name options; do
      read -ra arguments <<<"--preset $environment --seed $seed --straggler-delay $straggler $* $options"
      for kind in $kinds; do
        if [ "$kind" = score ]; then
          train "$folder/$table/$environment/$straggler/$name/$seed.score" "$environment" "${arguments[@]}" "${stop[@]}"
        else
          train "$folder/$table/$environment/$straggler/$name/$seed.free" "$environment" "${arguments[@]}" \
            --steps 500000 --evaluation-interval 1000000000 --evaluation-episodes 1
        fi
      done
    done < <("$table")
  done
}

for environment in $environments; do
  for straggler in 0 "$delay"; do measure schemes "$environment" "$straggler" "score free" --workers "$workers"; done
  if [ "$environment" = CartPole-v1 ]; then measure neurons "$environment" 0 score --workers "$workers"; fi
  if [[ $environment =~ ^(CartPole|Acrobot)-v1$ ]]; then
    measure pushes "$environment" 0 score --workers "$workers"
    measure peers "$environment" 0 free --workers 4
  fi
done

python3 tests/measurements/sharing.py "$folder"
cat <<END
$workers workers, each on its own thread, and $seeds seeds; the environment's preset for all. Medians, with the least and the
most; a seed that did not get there counts as one that takes for ever ("-"). Seconds are of training, evaluations included;
steps per second, staleness (in updates), lost updates, bytes, sharing (what part of their time workers fetch and give; waiting
for others is not in it) and disagreement of the first table are of trainings without evaluations. Disagreement: largest distance of a peer to the peers' mean, relative to its norm; the mean over a training.
END
echo "It took $((SECONDS / 60)) min $((SECONDS % 60)) s." >&2
