#!/usr/bin/env bash
# run.sh [SECONDS]: has libFuzzer, with AddressSanitizer, look for bytes of an environment process that the decoder does
# not stand; 600 seconds by default. Starts from the corpus of the tests, and adds to it what covers more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v clang++ >/dev/null || {
  echo "expected clang++ with libFuzzer; on Debian and Ubuntu: apt install clang" >&2
  exit 1
}
corpus=tests/data/fuzz/environment_stream
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
cmake --preset fuzz
cmake --build --preset fuzz --target environment_stream_fuzz
fuzz=build/fuzz/bin/environment_stream_fuzz
"$fuzz" -max_total_time="${1:-600}" -max_len=4096 -timeout=10 -dict=tests/fuzz/environment_stream.dict \
  -artifact_prefix=build/fuzz/ -print_final_stats=1 "$found" "$corpus"
# By edges, not by how often each is taken: a small corpus, for a test reads every file of it.
"$fuzz" -set_cover_merge=1 "$corpus" "$found"
