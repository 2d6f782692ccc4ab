"""Your own environment in Python: no base class, and nothing to install."""

import random

import sounder_env


class Thermostat:
    """Keeps a room at 20 degrees with a heater that is off or on, while the outside cools it."""

    observation_space = sounder_env.Box([-40.0], [40.0])  # degrees from 20
    action_space = sounder_env.Discrete(2)  # 0: off, 1: on
    max_episode_steps = 200
    reward_threshold = -50.0
    id = "Thermostat-v0"

    def __init__(self, outside=5.0):  # --env-option outside=-5
        self.outside = outside

    def reset(self, seed=None):
        self.temperature = random.Random(seed).uniform(10, 30)  # the seed alone determines the episode
        return [self.temperature - 20], {}

    def step(self, action):
        self.temperature += 0.1 * (self.outside - self.temperature) / 5 + (0.6 if action == 1 else 0.0)
        reward = -min(1.0, abs(self.temperature - 20))
        return [self.temperature - 20], reward, False, False, {}  # neither terminated nor truncated


sounder_env.serve(Thermostat)
