#!/usr/bin/env bash
# Measures what asynchrony is worth, and what one slow worker costs (asynchrony.md):
#   tests/measurements/asynchrony.sh [SEEDS, 10 unless told]
# The variables WORKERS and STEPS set the number of workers, 2 unless told, and of steps, 500000 unless told. Prints tables
# in Markdown; asserts nothing.
#
# A3C, the same with the learning rate divided by each gradient's staleness, with several gradients averaged
# (n-softsync), and A2C, which waits for all: each worker on its own thread, the environment's preset for all alike. Each
# seed trains twice: until solved, and for STEPS steps without evaluations, for throughput and staleness. The methods take
# turns seed by seed, so that the machine's moods meet all alike.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/measurements/measuring.sh

seeds=$(count_of SEEDS "${1:-10}" 1)
workers=$(count_of WORKERS "${WORKERS:-2}" 2)
steps=$(count_of STEPS "${STEPS:-500000}" 1)
averaged=$((workers < 8 ? 2 : workers / 4))
delay=10 # microseconds after each step: many times what a step takes otherwise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

methods=(a3c staleness_aware softsync a2c)
declare -A names=([a3c]="A3C" [staleness_aware]="A3C, staleness-aware" [softsync]="n-softsync, n = $averaged" [a2c]="A2C")
declare -A options=([a3c]="" [staleness_aware]="--staleness-aware" [softsync]="--gradients-per-update $averaged"
  [a2c]="--algorithm a2c")

# train FILE ARGUMENTS...: appends what came of a training to a file.
train() {
  local file=$1
  shift
  "$sounder" train "$@" --workers "$workers" --json --run "$folder/run" 2>"$folder/log" >>"$file" ||
    { cat "$folder/log" >&2; exit 1; }
  rm -rf "$folder/run"
}

# numbers KEY FILE: the value of a key in each line.
numbers() {
  local line
  while read -r line; do value "$1" <<<"$line"; done <"$2" | sed "s/null/$never/"
}

for environment in CartPole-v1 Acrobot-v1; do
  for straggler in 0 "$delay"; do
    for seed in $(seq "$seeds"); do
      for method in "${methods[@]}"; do
        read -ra arguments <<<"$environment --preset $environment --seed $seed --straggler-delay $straggler ${options[$method]}"
        train "$folder/$environment-$straggler-$method.solved" "${arguments[@]}" --until-solved
        train "$folder/$environment-$straggler-$method.free" "${arguments[@]}" --steps "$steps" \
          --evaluation-interval 1000000000 --evaluation-episodes 1
      done
    done
    if [ "$straggler" = 0 ]; then
      echo "$environment, all workers alike:"
    else
      echo "$environment, worker 0 loses $straggler microseconds after each step:"
    fi
    echo
    echo "| method | solved | steps | seconds | slowest seed | steps per second | staleness |"
    echo "|---|---|---|---|---|---|---|"
    for method in "${methods[@]}"; do
      log=$folder/$environment-$straggler-$method
      solved=$(grep -c '"solved":true' "$log.solved" || true)
      printf '| %s | %s of %s | %s | %s | %s | %s | %s |\n' "${names[$method]}" "$solved" "$seeds" \
        "$(numbers solved_step "$log.solved" | median | shown 0)" \
        "$(numbers solved_seconds "$log.solved" | median | shown 3)" \
        "$(numbers solved_seconds "$log.solved" | most | shown 3)" \
        "$(numbers steps_per_second "$log.free" | median | shown 0)" \
        "$(numbers staleness_mean "$log.free" | median | shown 2)"
    done
    echo
  done
done
cat <<END
$workers workers, each on its own thread, $seeds seeds, the environment's preset for all methods; medians. Seconds are of training,
evaluations included; steps per second and staleness (in updates) are of trainings without evaluations.
END
echo "It took $((SECONDS / 60)) min $((SECONDS % 60)) s." >&2
