#!/usr/bin/env bash
# modules.sh PROGRAM WITH_TORCH: the program loads LibTorch's networks only if a run needs them, and reports if they are
# not installed. WITH_TORCH: ON or OFF.
set -euo pipefail
program=$(realpath "$1") with_torch=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
short="--workers 1 --steps 200 --set evaluation_episodes=2"

# run PROGRAM ARGUMENTS...: writes the libraries that it loads to loaded.*, from the system's loader.
run() {
  rm -f loaded.*
  LD_DEBUG=files LD_DEBUG_OUTPUT=$folder/loaded "$@" >out 2>err || {
    status=$?
    cat err
    return $status
  }
}
# Looks for one library only, because LibTorch's other libraries differ between versions.
with() { run "$@" && { grep -q 'calling init: .*/libtorch_cpu' loaded.* || ended "$* did not load LibTorch"; }; }
without() { run "$@" && { ! grep -q 'file=[^ ]*torch' loaded.* || ended "$* loaded LibTorch"; }; }
ended() {
  echo "$*" >&2
  exit 1
}
# refused CODE TEXT PROGRAM ARGUMENTS...: checks that it exits with the code and prints one line that contains the text.
refused() {
  local code=$1 text=$2 status=0
  shift 2
  "$@" >out 2>err || status=$?
  [ "$status" -eq "$code" ] || ended "$* ended with $status: $(cat err)"
  [ "$(wc -l <err)" -eq 1 ] && grep -qF -e "$text" err || ended "$* said: $(cat err)"
}

without "$program" envs
without "$program" train CartPole-v1 $short --run fused
without "$program" evaluate fused --episodes 2
without "$program" plot fused -o curve.svg
without "$program" export fused -o policy.onnx

# There is no module next to a copy of the program.
mkdir -p alone/bin
cp "$program" alone/bin/sounder
without alone/bin/sounder train CartPole-v1 $short --run alone/fused
missing="sounder: sounder_torch.so is missing ("
refused 2 "$missing" alone/bin/sounder train CartPole-v1 $short --backend torch --run none
refused 2 "$missing" alone/bin/sounder export fused -o policy.pt
[ ! -e policy.pt ] || ended "a policy that could not be exported left a file"
refused 2 "apt install libtorch-dev" alone/bin/sounder train Catch-v0 $short --network cnn --run none
[ ! -e none ] || ended "a run that could not start left a folder"
refused 2 "did you mean 'torch'?" alone/bin/sounder train CartPole-v1 $short --backend toch --run none
mkdir -p alone/lib/sounder
echo "no library" >alone/lib/sounder/sounder_torch.so
refused 1 "cannot load a module: $folder/alone/lib/sounder/sounder_torch.so: " \
  alone/bin/sounder train CartPole-v1 $short --backend torch --run none

if [ "$with_torch" = OFF ]; then
  refused 2 "$missing" "$program" train CartPole-v1 $short --backend torch --run none
  exit 0
fi
with "$program" train CartPole-v1 $short --backend torch --run torch --json
grep -q '"backend":"torch"' out
with "$program" evaluate torch --episodes 2
with "$program" export fused -o policy.pt
without "$program" plot torch -o curve.svg
with "$program" train Catch-v0 $short --network cnn --run cnn
with "$program" evaluate cnn --episodes 2
refused 1 "cnn/checkpoints/" alone/bin/sounder evaluate cnn --episodes 2

# The module may be in any folder.
rm alone/lib/sounder/sounder_torch.so
export LD_LIBRARY_PATH=$(dirname "$program")/../lib/sounder
with alone/bin/sounder train CartPole-v1 $short --backend torch --run elsewhere
