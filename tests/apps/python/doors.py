"""Rooms with forty doors, two of them unlocked; taking a locked one is an error."""

import random

import sounder_env


class Doors:
    observation_space = sounder_env.Box(0.0, 1.0, (2,))
    max_episode_steps = 8

    def __init__(self, way="info", several=False, closed=-1):
        """way: info or method, the source of the mask of open doors. several: an action is a door and one of three
        keys, one of which fits. closed: the room without an unlocked door."""
        self.several, self.closed = several, closed
        self.action_space = sounder_env.MultiDiscrete([40, 3]) if several else sounder_env.Discrete(40)
        if way == "method":
            self.action_masks = self.mask
        self.info = (lambda: {"action_mask": self.mask()}) if way == "info" else dict

    def mask(self):
        doors = [int(door in self.open and self.room != self.closed) for door in range(40)]
        return (doors, [key == self.open[0] % 3 for key in range(3)]) if self.several else doors

    def enter(self):
        self.open = self.chance.sample(range(40), 2)
        return [self.open[0] / 40, self.open[1] / 40]

    def reset(self, seed=None):
        self.chance, self.room = random.Random(seed), 0
        return self.enter(), self.info()

    def step(self, action):
        door, key = action if self.several else (action, self.open[0] % 3)
        if door not in self.open or key != self.open[0] % 3:
            raise ValueError("door %d is locked" % door)
        reward = float(door == self.open[0])
        self.room += 1
        return self.enter(), reward, False, False, self.info()


sounder_env.serve(Doors)
