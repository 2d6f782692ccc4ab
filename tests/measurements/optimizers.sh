#!/usr/bin/env bash
# Compares the update rules over learning rates (optimizers.md), as Mnih et al. 2016 do (section 4; figure 8 of the
# supplement): tests/measurements/optimizers.sh [RATES, 50 unless told [OPTIMIZERS..., all unless told]]. Prints a table in
# Markdown; asserts nothing.
#
# Every rule trains CartPole-v1 with the same learning rates, drawn log-uniformly, one seed each, until solved or for 200,000
# steps. All else is Sounder's defaults (--preset none): nothing was tuned for any of the rules. The rates reach further up
# than the paper's, 1e-4 to 1e-2, so that both ends of what works lie within.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/measurements/measuring.sh

rates=$(count_of RATES "${1:-50}" 1)
optimizers=(shared_rmsprop rmsprop momentum_sgd adagrad adam)
if [ $# -gt 1 ]; then optimizers=("${@:2}"); fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "| optimizer | solved | share | rates that solve it | fewest steps | at the rate | median steps of those solved |"
echo "|---|---|---|---|---|---|---|"
for optimizer in "${optimizers[@]}"; do
  # It fails if every training did, which is a result, too, as long as there is one.
  "$sounder" sweep CartPole-v1 --preset none --optimizer "$optimizer" --range learning_rate=log:1e-4:1 \
    --samples "$rates" --workers 2 --jobs 1 --steps 200000 --until-solved --dir "$folder/$optimizer" \
    2>"$folder/log" || [ -s "$folder/$optimizer/results.csv" ] || { cat "$folder/log" >&2; exit 1; }
  results=$folder/$optimizer/results.csv
  paste -d ' ' <(column solved "$results") <(column solved_step "$results") <(column learning_rate "$results") |
    awk '$1 == "true" { print $2, $3 }' >"$folder/solved"
  solved=$(wc -l <"$folder/solved")
  if [ "$solved" -eq 0 ]; then
    echo "| $optimizer | 0 of $rates | 0 % | - | - | - | - |"
    continue
  fi
  read -r fewest best < <(sort -g "$folder/solved")
  echo "| $optimizer | $solved of $rates | $((100 * solved / rates)) % |" \
    "$(cut -d ' ' -f 2 "$folder/solved" | least) to $(cut -d ' ' -f 2 "$folder/solved" | most) |" \
    "$(shown 0 <<<"$fewest") | $best | $(cut -d ' ' -f 1 "$folder/solved" | median | shown 0) |"
done
cat <<END

CartPole-v1, two workers, $rates learning rates drawn log-uniformly from 1e-4 to 1, the same for every rule, one seed each, at
most 200,000 steps; all else by default.
END
echo "It took $((SECONDS / 60)) min $((SECONDS % 60)) s." >&2
