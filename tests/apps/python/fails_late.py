"""An episode reads past the end of a short table of prices. The first price may be invalid."""

import sounder_env


class Market:
    observation_space = sounder_env.Box([-10.0], [10.0])
    action_space = sounder_env.Discrete(2)
    max_episode_steps = 100
    id = "Market-v0"

    def __init__(self, rows=1000, first=0.0):
        self.prices = [100.0 + (i % 7) for i in range(rows)]
        self.first = first

    def reset(self, seed=None):
        self.row = 0
        return [self.first], {}

    def step(self, action):
        self.row += 1
        price = self.prices[self.row]
        return [(price - 100) / 10], 1.0, False, False, {}


sounder_env.serve(Market)
