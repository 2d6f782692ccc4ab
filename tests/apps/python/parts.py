"""A task with nested observations of several parts, and a name with letters beyond ASCII."""

import random

import sounder_env


class Parts:
    observation_space = sounder_env.Dict({"self": sounder_env.Dict({"place": sounder_env.Box([0.0], [2.0])}),
                                          "goal": sounder_env.Discrete(3)})
    action_space = sounder_env.Discrete(3)
    max_episode_steps = 5
    id = "Größe-v0"

    def observe(self):
        return {"goal": self.goal, "self": {"place": [float(self.place)]}}

    def reset(self, seed=None):
        self.goal, self.place = random.Random(seed).randrange(3), 0
        return self.observe(), {}

    def step(self, action):
        self.place = int(action)
        return self.observe(), float(self.place == self.goal), False, False, {}


sounder_env.serve(Parts)
