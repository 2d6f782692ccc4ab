"""answer_script.py SIZE MODEL QUESTIONS REPLY ...: as script_reader.cpp, by Python's torch."""

import struct
import sys

import torch

torch.set_num_threads(1)


def answer(policy, observations, rows):
    results = policy.outputs(observations)
    names = [name for name in ("logits", "action_values", "means", "action", "value") if name in results]
    return torch.cat([results[name].reshape(len(observations), -1)[:rows].float() for name in names], 1)


for size, model, questions, reply in zip(*[iter(sys.argv[1:])] * 4):
    policy = torch.jit.load(model)
    policy.eval()
    width = 4 + 4 * int(size)
    with open(questions, "rb") as file:
        read = list(struct.iter_unpack("=i%sf" % size, file.read()))
    observations = torch.tensor([numbers[1:] for numbers in read])
    if hasattr(policy, "state"):
        rows = []
        for t, (begins, *_) in enumerate(read):
            if begins and t > 0:
                policy.state[0] = 0
            rows.append(answer(policy, torch.stack([observations[t], torch.zeros(int(size))]), 1))
        results = torch.cat(rows)
    else:
        results = answer(policy, observations, len(observations))
    with open(reply, "wb") as file:
        file.write(struct.pack("=%df" % results.numel(), *results.flatten().tolist()))
