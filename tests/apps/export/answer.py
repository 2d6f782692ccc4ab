"""answer.py CHECKPOINT <QUESTIONS >REPLY: answers questions, as tests/apps/export/cases.h has them, by sounder_policy."""
import struct
import sys

import sounder_policy

policy, acting = sounder_policy.Policy(sys.argv[1]), sounder_policy.Policy(sys.argv[1])
size = sounder_policy.size_of(policy.observation_space)
while True:
    question = sys.stdin.buffer.read(4 + 4 * size)
    if not question:
        break
    begins, *observation = struct.unpack("=i%df" % size, question)
    if begins:
        policy.reset()
        acting.reset()
    outputs = policy.outputs(observation)
    action = acting.act(observation)
    numbers = outputs + (action if isinstance(action, list) else [action])
    sys.stdout.buffer.write(struct.pack("=%df" % len(numbers), *numbers))
