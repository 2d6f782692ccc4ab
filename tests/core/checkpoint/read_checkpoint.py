"""Prints the tensors of a checkpoint: python3 read_checkpoint.py FILE

With the safetensors package, the same is
    from safetensors.numpy import load_file
    tensors = load_file(path)
"""
import array
import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    body = file.read()
metadata = header.pop("__metadata__")
print("step", int(metadata["step"]), *json.loads(metadata["recent_returns"]))
for name, tensor in header.items():
    begin, end = tensor["data_offsets"]
    values = array.array({"F32": "f", "F64": "d"}[tensor["dtype"]], body[begin:end])
    print(name, tensor["shape"], *values)
