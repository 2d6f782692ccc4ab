#!/usr/bin/env bash
# onnxruntime.sh BUILD [PACKAGE]: tests exported ONNX models by ONNX Runtime for JavaScript, of the npm registry, in Node.
# PACKAGE: onnxruntime-web (the default), or onnxruntime-node. To be run by hand: it downloads about 100 MB.
set -euo pipefail
program=$(realpath "$1/bin/apps_test") package=${2:-onnxruntime-web}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Its script would fetch what a GPU takes.
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" "$package"
SOUNDER_ONNXRUNTIME=$folder/node_modules/$package "$program" "[onnx]"
