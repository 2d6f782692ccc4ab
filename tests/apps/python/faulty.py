"""faulty.py FAULT [MARKER]: episodes of 20 steps; each process fails at its 100th step, or, with a marker, only once in the folder
where it makes the marker."""

import os
import signal
import subprocess
import sys
import time

import sounder_env

FAULT = sys.argv[1]
MARKER = sys.argv[2] if len(sys.argv) > 2 else None


def due():
    if MARKER is None:
        return True
    try:
        os.mkdir(MARKER)
        return True
    except FileExistsError:
        return False


class Counter:
    observation_space = sounder_env.Box([0.0], [20.0])
    action_space = sounder_env.Discrete(2)
    reward_threshold = 20.0
    id = "Counter-v0"
    all_steps = 0

    def reset(self, seed=None):
        self.steps = 0
        return [0.0], {}

    def step(self, action):
        self.steps += 1
        self.all_steps += 1
        observation = [float(self.steps)]
        if self.all_steps == 100 and due():
            print("about to", FAULT, flush=True)
            if FAULT == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            elif FAULT == "hang":
                time.sleep(1000)
            elif FAULT == "raise":
                raise ValueError("no such track")
            elif FAULT == "nan":
                observation = [float("nan")]
            elif FAULT == "huge":
                observation = [1e300]
            elif FAULT == "long":
                observation = [1.0, 2.0]
            elif FAULT == "grandchild":
                subprocess.Popen(["sleep", "1000"], close_fds=False)
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                sys.exit("unknown fault " + FAULT)
        return observation, 1.0, self.steps == 20, False, {}


sounder_env.serve(Counter)
