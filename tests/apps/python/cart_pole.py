"""CartPole-v1 with Gymnasium's interface, bitwise equal to envs/classic_control/cart_pole.cpp: the same seeds and actions
give the same episodes."""

import math

import sounder_env

MASK = (1 << 64) - 1


class Rng:
    """xoshiro256++ seeded by SplitMix64 (https://prng.di.unimi.it)."""

    def __init__(self, seed):
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(z ^ (z >> 31))

    @staticmethod
    def rotate(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    def next(self):
        s = self.state
        result = (self.rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = self.rotate(s[3], 45)
        return result

    def uniform(self, low, high):
        return low + (high - low) * ((self.next() >> 11) * 2.0**-53)


class CartPole:
    POSITION_LIMIT = 2.4
    ANGLE_LIMIT = 12.0 * 2.0 * math.pi / 360.0

    observation_space = sounder_env.Box(
        [-2 * POSITION_LIMIT, -math.inf, -2 * ANGLE_LIMIT, -math.inf],
        [2 * POSITION_LIMIT, math.inf, 2 * ANGLE_LIMIT, math.inf],
    )
    action_space = sounder_env.Discrete(2)
    max_episode_steps = 500
    reward_threshold = 475.0
    id = "CartPole-v1"

    def __init__(self, gravity=9.8, cart_mass=1.0, pole_mass=0.1, length=0.5, force=10.0):
        self.gravity, self.cart_mass, self.pole_mass = gravity, cart_mass, pole_mass
        self.length, self.force = length, force

    def reset(self, seed=None):
        rng = Rng(seed)
        self.state = tuple(rng.uniform(-0.05, 0.05) for _ in range(4))
        return self.state, {}

    def step(self, action):
        position, velocity, angle, angular_velocity = self.state
        force = self.force if action == 1 else -self.force
        total_mass = self.cart_mass + self.pole_mass
        pole_moment = self.pole_mass * self.length
        cosine, sine = math.cos(angle), math.sin(angle)
        push = (force + pole_moment * angular_velocity * angular_velocity * sine) / total_mass
        angular_acceleration = (self.gravity * sine - cosine * push) / (
            self.length * (4.0 / 3.0 - self.pole_mass * cosine * cosine / total_mass)
        )
        acceleration = push - pole_moment * angular_acceleration * cosine / total_mass
        position += 0.02 * velocity
        velocity += 0.02 * acceleration
        angle += 0.02 * angular_velocity
        angular_velocity += 0.02 * angular_acceleration
        self.state = (position, velocity, angle, angular_velocity)
        terminated = abs(position) > self.POSITION_LIMIT or abs(angle) > self.ANGLE_LIMIT
        return self.state, 1.0, terminated, False, {}


if __name__ == "__main__":
    sounder_env.serve(CartPole)
