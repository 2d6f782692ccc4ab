"""Tests sounder_env.py from the other end of its socket, frame by frame."""

import collections
import contextlib
import io
import json
import math
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../apps/python"))
import sounder_env
from sounder_env import CLOSE, ERROR, HELLO, PICTURE, RENDER, RESET, RESULT, SPEC, STEP


class Counter:
    """Counts to 3; observes the count and the latest action."""

    observation_space = sounder_env.Box(-math.inf, math.inf, (2,))
    action_space = sounder_env.Discrete(2)
    max_episode_steps = 9
    reward_threshold = 2.5

    def __init__(self, start: int = 0, scale=1.0, fast=False):
        self.start, self.scale, self.fast = start, scale, fast

    def reset(self, seed=None):
        self.seed, self.count = seed, self.start
        return [self.count, -1], {}

    def step(self, action):
        self.count += 1
        return (self.count, action), self.scale * self.count, self.count == 3, self.fast, {}


class Client:
    """The trainer's end of a conversation that runs in another thread."""

    def __init__(self, make, hello=True, options="{}"):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(60)
        conversation = sounder_env._Conversation(theirs, make)
        self.ended_well = None

        def run():
            self.ended_well = conversation.run()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        if hello:
            self.send(HELLO, b"SNDR\1\0\0\0" + options.encode())
            self.kind, spec = self.receive()
            self.spec = json.loads(spec) if self.kind == SPEC else spec.decode()

    def send(self, kind, payload=b""):
        self.socket.sendall(struct.pack("<IB", len(payload) + 1, kind) + payload)

    def receive(self):
        length, kind = struct.unpack("<IB", self.exactly(5))
        return kind, self.exactly(length - 1)

    def exactly(self, count):
        received = b""
        while len(received) < count:
            part = self.socket.recv(count - len(received))
            assert part, "the stream ended"
            received += part
        return received

    def ask(self, kind, payload):
        self.send(kind, payload)
        return self.receive()

    def end(self):
        self.socket.close()
        self.thread.join(60)
        return self.ended_well


def reset(*requests):
    return b"".join(struct.pack("<IQ", index, seed) for index, seed in requests)


class ConversationTest(unittest.TestCase):
    def test_spec_describes_the_environment(self):
        client = Client(Counter)
        self.assertEqual(client.spec, {
            "protocol": 1, "id": "Counter", "max_episode_steps": 9, "reward_threshold": 2.5, "render": False,
            "observation_space": {"type": "Box", "low": [None, None], "high": [None, None], "shape": [2]},
            "action_space": {"type": "Discrete", "n": 2}, "action_mask": True})
        self.assertTrue(client.end())

    def test_results_are_what_the_specification_says_byte_by_byte(self):
        client = Client(Counter)
        kind, payload = client.ask(RESET, b"\7\0\0\0" + b"\1\2\0\0\0\0\0\0")
        self.assertEqual(kind, RESULT)
        # index 7, reward 0, flags, zeros; 0.0, -1.0
        self.assertEqual(payload, b"\7\0\0\0" + b"\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\0" + b"\0\0\x80\xbf")
        kind, payload = client.ask(STEP, b"\7\0\0\0" + b"\1\0\0\0\0\0\0\0")
        self.assertEqual(payload, b"\7\0\0\0" + b"\0\0\x80\x3f" + b"\0\0\0\0" + b"\0\0\x80\x3f" + b"\0\0\x80\x3f")
        client.ask(STEP, b"\7\0\0\0" + b"\0" * 8)
        kind, payload = client.ask(STEP, b"\7\0\0\0" + b"\0" * 8)
        self.assertEqual(payload[4:12], b"\0\0\x40\x40" + b"\1\0\0\0")  # 3.0, terminated

    def test_several_environments_share_a_frame_in_the_order_of_the_request(self):
        client = Client(Counter, options='{"options": [{"start": "0"}, {"start": "1", "fast": "true"}]}')
        kind, payload = client.ask(RESET, reset((1, 5), (0, 6), (3, 7)))
        rows = list(struct.iter_unpack("<IfBBHff", payload))
        self.assertEqual([(row[0], row[5]) for row in rows], [(1, 1), (0, 0), (3, 1)])  # options in turn
        kind, payload = client.ask(STEP, struct.pack("<IqIq", 0, 1, 3, 0))
        rows = list(struct.iter_unpack("<IfBBHff", payload))
        self.assertEqual(rows, [(0, 1.0, 0, 0, 0, 1.0, 1.0), (3, 2.0, 0, 1, 0, 2.0, 0.0)])

    def test_a_mask_follows_an_observation_where_one_came(self):
        class ByInfo(Counter):  # no mask after the first step
            mask = [1, False]

            def reset(self, seed=None):
                return super().reset(seed)[0], {"action_mask": self.mask}

            def step(self, action):
                answer = super().step(action)
                return (*answer[:4], {"action_mask": (self.mask, None, "not looked at")[self.count - 1]})

        class ByMethod(Counter):
            def action_masks(self):
                return (0.0, 1.0)

        class Wrapped:
            observation_space, action_space = Counter.observation_space, Counter.action_space

            def __init__(self):
                self.env = ByMethod()
                self.reset, self.step = self.env.reset, self.env.step

        head = b"\0\0\0\0" + b"\0\0\0\0" + b"\0\0"
        for make, mask in ((ByInfo, b"\1\0"), (ByMethod, b"\0\1"), (Wrapped, b"\0\1")):
            client = Client(make)
            self.assertIs(client.spec["action_mask"], True)
            kind, payload = client.ask(RESET, reset((0, 1)))
            self.assertEqual(payload, head + b"\1\0" + struct.pack("<ff", 0, -1) + mask)
            kind, payload = client.ask(STEP, struct.pack("<Iq", 0, 1))
            self.assertEqual(payload[10:], b"\1\0" + struct.pack("<ff", 1, 1) + mask)
            kind, payload = client.ask(STEP, struct.pack("<Iq", 0, 1))
            has_none = make is ByInfo
            self.assertEqual(payload[10:], (b"\0\0" if has_none else b"\1\0") + struct.pack("<ff", 2, 1) +
                             (b"" if has_none else mask))
            kind, payload = client.ask(STEP, struct.pack("<Iq", 0, 1))
            self.assertEqual(payload[8:], b"\1\0\0\0" + struct.pack("<ff", 3, 1))  # terminated: no mask

    def test_several_choices_have_one_mask_however_it_is_divided(self):
        class Several(Counter):
            action_space = sounder_env.MultiDiscrete([2, 3])

            def reset(self, seed=None):
                return [0, 0], {"action_mask": self.mask}

        for mask in ([1, 0, 0, 1, 1], ([1, 0], [0, 1, 1]), ((True, False), (False, True, True))):
            Several.mask = mask
            kind, payload = Client(Several).ask(RESET, reset((0, 1)))
            self.assertEqual(payload[-5:], b"\1\0\0\1\1")

    def test_what_is_no_mask_is_refused(self):
        class Masking(Counter):
            def reset(self, seed=None):
                return [0, 0], {"action_mask": self.mask}

        for mask, told in (([1], "expected 2 numbers, each 0 or 1; got [1] (list)"), ([1, 2], "got [1, 2] (list)"),
                           ("11", "got '11'"), ([0, math.nan], "got [0, nan] (list)")):
            Masking.mask = mask
            kind, payload = Client(Masking).ask(RESET, reset((0, 1)))
            self.assertEqual(kind, ERROR)
            self.assertIn('reset: info["action_mask"]: expected 2 numbers, each 0 or 1; ' , payload.decode())
            self.assertIn(told, payload.decode())

    def test_masks_of_actions_that_are_no_choices_are_refused(self):
        class ByInfo(Counter):
            action_space = sounder_env.MultiBinary(2)

            def reset(self, seed=None):
                return [0, 0], {"action_mask": [1, 1]}

        client = Client(ByInfo)
        self.assertIs(client.spec["action_mask"], False)
        kind, payload = client.ask(RESET, reset((0, 1)))
        self.assertEqual((kind, payload.decode()), (
            ERROR, 'reset: info["action_mask"]: masks are for Discrete and MultiDiscrete actions; the action_space is a '
            'MultiBinary'))

        class ByMethod(Counter):
            action_space = sounder_env.Box(-1, 1, (2,))

            def action_masks(self):
                return [1]

        self.assertIn("action_masks(): masks are for Discrete and MultiDiscrete actions; the action_space is a Box",
                      Client(ByMethod).spec)

    def test_environments_are_closed_at_the_end(self):
        for closing in (lambda client: client.send(CLOSE), lambda client: None):
            closed = []

            class Closed(Counter):
                def close(self, closed=closed):
                    closed.append(self)

            client = Client(Closed)
            client.ask(RESET, reset((0, 1), (1, 1)))
            closing(client)
            self.assertTrue(client.end())
            self.assertEqual(len(set(closed)), 2)
            self.assertEqual(len(closed), 2)

    def test_a_trainer_that_is_gone_is_no_error_of_the_environment(self):
        client = Client(Counter)
        client.send(RESET, reset((0, 1)))
        client.socket.recv(1, socket.MSG_PEEK)  # the answer has arrived; closing with unread data resets the connection
        with contextlib.redirect_stderr(io.StringIO()) as printed:
            self.assertFalse(client.end())
        self.assertEqual(printed.getvalue(), "")

    def test_what_is_wrong_is_said_in_an_error_frame(self):
        def told(client, kind, payload):
            answer, text = client.ask(kind, payload)
            self.assertEqual(answer, ERROR)
            self.assertFalse(client.end())
            return text.decode()

        ready = lambda: Client(Counter)
        playing = lambda: (lambda client: (client.ask(RESET, reset((0, 1))), client)[1])(Client(Counter))
        self.assertIn("magic", told(Client(Counter, hello=False), HELLO, b"SNDX\1\0\0\0"))
        self.assertIn("version 1 of the protocol; the trainer speaks 2",
                      told(Client(Counter, hello=False), HELLO, b"SNDR\2\0\0\0"))
        self.assertIn("expected hello", told(Client(Counter, hello=False), STEP, b""))
        self.assertIn("JSON", told(Client(Counter, hello=False), HELLO, b"SNDR\1\0\0\0{"))
        self.assertIn("frame of type 2", told(ready(), SPEC, b""))
        self.assertIn("frame of type 77", told(ready(), 77, b""))
        self.assertIn("parts of 12 bytes; got 11", told(ready(), RESET, b"0" * 11))
        self.assertIn("parts of 12 bytes; got 0", told(playing(), STEP, b""))
        self.assertIn("outside an episode", told(ready(), STEP, b"\0" * 12))
        self.assertIn("once in a request", told(ready(), RESET, reset((3, 1), (3, 1))))
        self.assertIn("below 65536", told(ready(), RESET, reset((65536, 1))))
        self.assertIn("never reset", told(ready(), RENDER, b"\1\0\0\0"))

    def test_a_length_out_of_range_is_refused_before_anything_is_read(self):
        for length in (0, (16 << 20) + 1, 0xFFFFFFFF):
            client = Client(Counter)
            client.socket.sendall(struct.pack("<IB", length, RESET))
            kind, text = client.receive()
            self.assertEqual(kind, ERROR)
            self.assertIn(str(length), text.decode())

    def test_a_step_after_the_end_is_refused_and_a_reset_begins_anew(self):
        client = Client(lambda: Counter(start=2))
        client.ask(RESET, reset((0, 1)))
        client.ask(STEP, b"\0" * 12)
        self.assertEqual(client.ask(RESET, reset((0, 1)))[0], RESULT)
        client.ask(STEP, b"\0" * 12)
        self.assertEqual(client.ask(STEP, b"\0" * 12)[0], ERROR)

    def test_frames_that_come_in_pieces_or_together_are_the_same_frames(self):
        client = Client(Counter)
        many = [(index, index) for index in range(6000)]  # more than one read returns
        frame = struct.pack("<IB", 1 + 12 * len(many), RESET) + reset(*many)
        client.socket.sendall(frame[:3])
        client.socket.sendall(frame[3:70000])
        client.socket.sendall(frame[70000:] + struct.pack("<IBIq", 13, STEP, 0, 1))
        self.assertEqual(len(client.receive()[1]), 20 * len(many))
        self.assertEqual(client.receive()[0], RESULT)

    def test_an_exception_is_an_error_frame_that_names_its_place(self):
        class Broken(Counter):
            def step(self, action):
                raise KeyError("wheel")

        client = Client(Broken)
        client.ask(RESET, reset((0, 1)))
        kind, text = client.ask(STEP, b"\0" * 12)
        self.assertEqual(kind, ERROR)
        self.assertRegex(text.decode(), r"^KeyError: 'wheel' \(sounder_env_test.py, line \d+\)$")

    def test_an_error_is_never_placed_in_this_file(self):
        class Unfinished:
            observation_space, action_space = Counter.observation_space, Counter.action_space

        client = Client(Unfinished)
        self.assertEqual(client.ask(RESET, reset((0, 1))),
                         (ERROR, b"AttributeError: 'Unfinished' object has no attribute 'reset'"))

    def test_an_interface_of_before_gymnasium_is_named(self):
        class Old(Counter):
            def step(self, action):
                return (0.0, 0.0), 1.0, True, {}

        class Older(Counter):
            def reset(self, seed=None):
                return [0.0, 0.0]

        client = Client(Old)
        client.ask(RESET, reset((0, 1)))
        self.assertIn(b"(observation, reward, terminated, truncated, info)", client.ask(STEP, b"\0" * 12)[1])
        self.assertIn(b"(observation, info)", Client(Older).ask(RESET, reset((0, 1)))[1])

    def test_observations_of_the_wrong_length_are_counted(self):
        class Long(Counter):
            def reset(self, seed=None):
                return [1, 2, 3], {}

        self.assertEqual(Client(Long).ask(RESET, reset((0, 1)))[1], b"reset: expected an observation of shape [2], as its "
                         b"space says; got [1, 2, 3] (list)")

    def test_what_is_no_observation_reward_or_flag_is_named(self):
        def told(observation=(1.0, 2.0), reward=0.0, terminated=False):
            class Odd(Counter):
                def step(self, action):
                    return observation, reward, terminated, False, {}

            client = Client(Odd)
            client.ask(RESET, reset((0, 1)))
            kind, text = client.ask(STEP, b"\0" * 12)
            self.assertEqual(kind, ERROR)
            return text.decode()

        self.assertEqual(told(reward=None), "step: expected a number as reward; got None")
        self.assertEqual(told(reward=[1.0, 2.0]), "step: expected a number as reward; got [1.0, 2.0] (list)")
        self.assertEqual(told(reward="7"), "step: expected a number as reward; got '7'")
        shape = "step: expected an observation of shape [2], as its space says; got "
        self.assertEqual(told(None), shape + "None")
        self.assertEqual(told({"x": 1}), shape + "{'x': 1} (dict)")
        self.assertEqual(told(3.5), shape + "3.5")
        self.assertEqual(told("ab"), shape + "'ab'")
        self.assertEqual(told(collections.deque([1, 2, 3])), shape + "deque([1, 2, 3]) (deque)")
        self.assertEqual(told([1.0, None]), "step: expected numbers as observation; got None among them")
        self.assertEqual(told([[1.0], [2.0]]), "step: expected numbers as observation; got [1.0] (list) among them")

        class Vague:
            def __bool__(self):
                raise ValueError("more than one")

            def __repr__(self):
                return "Vague"

        self.assertEqual(told(terminated=Vague()), "step: expected True or False; got Vague (Vague) and False")

    def test_a_deque_of_the_right_length_is_an_observation(self):
        class Queue(Counter):
            def reset(self, seed=None):
                return collections.deque([3, 4], maxlen=2), {}

        self.assertEqual(struct.unpack_from("<ff", Client(Queue).ask(RESET, reset((0, 1)))[1], 12), (3, 4))

    def test_a_limit_or_a_threshold_that_is_none_is_named(self):
        def told(name, value):
            client = Client(type("Named", (Counter,), {name: value}))
            self.assertEqual(client.kind, ERROR)
            return client.spec

        for value in (math.inf, math.nan, "high", [1.0]):
            self.assertIn("reward_threshold: expected a number, or None where there is none; got " + repr(value),
                          told("reward_threshold", value))
        for value in (math.inf, 0, 2.5, "long"):
            self.assertIn("max_episode_steps: expected a whole number of at least 1, or None; got " + repr(value),
                          told("max_episode_steps", value))

    def test_environments_of_one_conversation_may_differ_in_bounds_only(self):
        class Option(Counter):
            def __init__(self, high=1.0, size=1):
                super().__init__()
                self.action_space = sounder_env.Box([-high] * size, [high] * size)

            def step(self, action):
                return (action[0], 0), 0.0, False, False, {}

        client = Client(Option, options='{"options": [{"high": "1"}, {"high": "3"}, {"size": "2"}]}')
        client.ask(RESET, reset((0, 1), (1, 1)))
        rows = list(struct.iter_unpack("<IfBBHff", client.ask(STEP, struct.pack("<IfIf", 0, 9.0, 1, 9.0))[1]))
        self.assertEqual([row[5] for row in rows], [1, 3])  # each action within its own environment's bounds
        self.assertIn(b"action_space: expected {'type': 'Box', 'shape': [1]}, as of the first environment; got "
                      b"{'type': 'Box', 'shape': [2]}", client.ask(RESET, reset((2, 1)))[1])

    def test_numbers_beyond_float32_and_nan_arrive_as_infinite_and_nan(self):
        class Wild(Counter):
            def reset(self, seed=None):
                return [-1e300, math.nan], {}

        first, second = struct.unpack_from("<ff", Client(Wild).ask(RESET, reset((0, 1)))[1], 12)
        self.assertEqual(first, -math.inf)
        self.assertTrue(math.isnan(second))


class SpacesTest(unittest.TestCase):
    def codec(self, space):
        return sounder_env._observation_codec(space)

    def test_a_discrete_space_may_start_elsewhere(self):
        space = sounder_env.Discrete(3)
        space.start = -1
        codec = self.codec(space)
        self.assertEqual(codec.description, {"type": "Discrete", "n": 3})
        self.assertEqual(codec.encode(1), (2,))
        self.assertEqual(codec.decode([0]), -1)
        for value in (1.0, "1", None, [1]):
            with self.assertRaisesRegex(sounder_env._Refused, "whole numbers, as its space says; got "):
                codec.encode(value)

    def test_several_choices_may_start_elsewhere(self):
        space = sounder_env.MultiDiscrete([[2, 3], [4, 5]])
        space.start = [[1, 5], [0, -2]]
        codec = self.codec(space)
        self.assertEqual(codec.description, {"type": "MultiDiscrete", "nvec": [2, 3, 4, 5]})
        self.assertEqual(codec.encode([[2, 5], [0, -1]]), [1, 0, 0, 1])
        self.assertEqual([[int(n) for n in row] for row in codec.decode([1, 0, 0, 1])], [[2, 5], [0, -1]])

    def test_a_box_of_rows_is_flat_on_the_way(self):
        codec = self.codec(sounder_env.Box([[0, 1], [2, 3], [4, 5]], 9.0))
        self.assertEqual(codec.description["shape"], [3, 2])
        self.assertEqual(codec.description["low"], [0, 1, 2, 3, 4, 5])
        self.assertEqual(codec.description["high"], [9] * 6)
        self.assertEqual(codec.encode([[1, 2], [3, 4], [5, 6]]), [1, 2, 3, 4, 5, 6])
        self.assertEqual([[float(n) for n in row] for row in codec.decode([1, 2, 3, 4, 5, 6])], [[1, 2], [3, 4], [5, 6]])
        for wrong in ([1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]], [[1, 2], [3, 4]], [[1, 2], [3, 4], [5]], [[1, 2], [3, 4], 5]):
            with self.assertRaisesRegex(sounder_env._Refused, r"of shape \[3, 2\], as its space says; got \["):
                codec.encode(wrong)

    def test_a_box_of_one_number_is_no_box_of_a_list_of_one(self):
        one = self.codec(sounder_env.Box(0.0, 1.0))
        self.assertEqual(one.description["shape"], [1])
        self.assertEqual(one.encode([0.5]), [0.5])
        with self.assertRaisesRegex(sounder_env._Refused, r"shape \[1\], as its space says; got 0.5"):
            one.encode(0.5)
        scalar = self.codec(sounder_env.Box(0.0, 1.0, ()))
        self.assertEqual(scalar.description["shape"], [1])  # as seen by a network
        self.assertEqual(scalar.encode(0.5), [0.5])
        self.assertEqual(float(scalar.decode([0.25])), 0.25)
        with self.assertRaisesRegex(sounder_env._Refused, r"shape \[\], as its space says; got \[0.5\]"):
            scalar.encode([0.5])

    def test_bounds_that_are_no_numbers_or_too_few_are_refused(self):
        with self.assertRaisesRegex(sounder_env._Refused, "got NaN in place 1"):
            self.codec(sounder_env.Box([0.0, math.nan], 1.0, (2,)))
        with self.assertRaisesRegex(sounder_env._Refused, "expected 3 bounds, as its shape says; got 2"):
            self.codec(sounder_env.Box(0.0, [1.0, 1.0], (3,)))

    def test_several_choices_and_switches(self):
        choices = self.codec(sounder_env.MultiDiscrete([2, 5]))
        self.assertEqual(choices.description, {"type": "MultiDiscrete", "nvec": [2, 5]})
        self.assertEqual(list(choices.decode([1, 4])), [1, 4])
        switches = self.codec(sounder_env.MultiBinary(3))
        self.assertEqual(switches.description, {"type": "MultiBinary", "n": 3})
        self.assertEqual(list(switches.decode([1, 0, 1])), [1, 0, 1])
        grid = self.codec(sounder_env.MultiBinary([2, 3]))
        self.assertEqual(grid.description, {"type": "MultiBinary", "n": 6})
        self.assertEqual(grid.encode([[1, 0, 0], [0, 1, 1]]), [1, 0, 0, 0, 1, 1])

    def test_other_spaces_are_refused_by_name(self):
        class Text:
            pass

        with self.assertRaisesRegex(sounder_env._Refused, "expected Discrete, .*; got Text"):
            self.codec(Text())
        with self.assertRaisesRegex(sounder_env._Refused, "words: expected Discrete, .*; got Text, of which no network"):
            self.codec(sounder_env.Dict({"number": sounder_env.Discrete(2), "words": Text()}))
        self.assertIn("observation_space: expected Discrete", Client(type("None", (Counter,), {"observation_space": None})).spec)

    def test_actions_in_parts_are_refused_with_the_reason(self):
        for kind in (sounder_env.Dict({"left": sounder_env.Discrete(2)}), sounder_env.Tuple([sounder_env.Discrete(2)])):
            client = Client(type("Parts", (Counter,), {"action_space": kind}))
            self.assertEqual(client.kind, ERROR)
            self.assertEqual(client.spec, "action_space: expected Discrete, Box, MultiDiscrete or MultiBinary; got %s: a policy "
                             "gives one kind of action; declare one of these, and take it apart in step()" % type(kind).__name__)

    def test_a_space_of_gymnasiums_is_known_by_its_name(self):
        kinds = type("Discrete", (), {"n": 4, "start": 0})
        derived = type("Special", (kinds,), {})
        self.assertEqual(self.codec(derived()).description, {"type": "Discrete", "n": 4})

    def test_a_space_that_does_not_contain_what_it_describes_is_refused(self):
        class Even(sounder_env.Discrete):
            def contains(self, action):
                return action in (2, 4)

        client = Client(type("Odd", (Counter,), {"action_space": Even(3)}))
        self.assertEqual(client.kind, ERROR)
        self.assertIn("action_space: expected a space that contains 0, made as its start, shape and dtype say; this Even does "
                      "not", client.spec)


class PartsTest(unittest.TestCase):
    """Observations of a Dict or a Tuple have the order and the numbers of Gymnasium's flatten."""

    def made(self, description):
        kind = description["type"]
        if kind == "Box":
            return sounder_env.Box(description["low"], description["high"], tuple(description["shape"]))
        if kind == "MultiBinary":
            return sounder_env.MultiBinary(description["n"])
        if kind in ("Discrete", "MultiDiscrete"):
            space = getattr(sounder_env, kind)(description.get("n") or description.get("nvec"))
            space.start = description["start"]
            return space
        if kind == "Tuple":
            return sounder_env.Tuple([self.made(part) for part in description["spaces"]])
        spaces = {key: self.made(part) for key, part in description["spaces"]}
        space = sounder_env.Dict(spaces)
        if kind == "OrderedDict":
            space.spaces = spaces  # Gymnasium keeps their order
        return space

    def turned(self, value):
        """The same, with the keys of every dict in the opposite order."""
        if isinstance(value, dict):
            return {key: self.turned(value[key]) for key in reversed(list(value))}
        return [self.turned(part) for part in value] if isinstance(value, list) else value

    def test_all_numbers_stand_where_gymnasiums_flatten_has_them(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/flatten/gymnasium.json")
        with open(path) as file:
            table = json.load(file)
        self.assertEqual(table["from"], "gymnasium.spaces.flatten of Gymnasium 1.4.0")
        for case in table["cases"]:
            codec = sounder_env._observation_codec(self.made(case["space"]))
            description = {"type": "Box", "low": case["low"], "high": case["high"], "shape": [len(case["low"])]}
            self.assertEqual(codec.description, description)
            self.assertEqual(sum(numbers for _, _, numbers in codec.parts), codec.size)
            for observation in case["observations"]:
                self.assertEqual(codec.encode(observation["value"]), observation["flat"])
                self.assertEqual(codec.encode(self.turned(observation["value"])), observation["flat"])

    def test_the_spec_says_what_became_of_each_part(self):
        inner = sounder_env.Tuple([sounder_env.MultiBinary(3), sounder_env.MultiDiscrete([2, 5])])
        space = sounder_env.Dict({"speed": sounder_env.Box([0, 0], [1, 1]), "mode": sounder_env.Discrete(4), "all": inner})
        client = Client(type("Parts", (Counter,), {"observation_space": space}))
        self.assertEqual(client.spec["observation_parts"], [
            {"name": "all.0", "space": "MultiBinary(3)", "numbers": 3},
            {"name": "all.1", "space": "MultiDiscrete([2, 5]), one-hot", "numbers": 7},
            {"name": "mode", "space": "Discrete(4), one-hot", "numbers": 4},
            {"name": "speed", "space": "Box [2]", "numbers": 2}])
        self.assertEqual(client.spec["observation_space"]["shape"], [16])

    def test_what_is_wrong_within_is_named_with_its_part(self):
        space = sounder_env.Dict({"mode": sounder_env.Discrete(4), "arms": sounder_env.Tuple([sounder_env.Box([0], [1])] * 2)})
        codec = sounder_env._observation_codec(space)

        def told(value):
            with self.assertRaises(sounder_env._Refused) as caught:
                codec.encode(value)
            return str(caught.exception)

        arms = [[0.5], [0.5]]
        self.assertEqual(told([1, 2]), "expected a dict with the keys arms, mode, as its space says; got [1, 2] (list)")
        self.assertIn("keys arms, mode", told({"mode": 1}))
        self.assertIn("keys arms, mode", told({"mode": 1, "arms": arms, "legs": arms}))
        self.assertEqual(told({"mode": 4, "arms": arms}), "mode: expected an element of its space; got 4")
        self.assertEqual(told({"mode": -1, "arms": arms}), "mode: expected an element of its space; got -1")
        self.assertEqual(told({"mode": 1, "arms": arms[:1]}), "arms: expected a tuple of 2, as its space says; got [[0.5]] (list)")
        self.assertEqual(told({"mode": 1, "arms": [[0.5], 1]}),
                         "arms: 1: expected an observation of shape [1], as its space says; got 1")
        with self.assertRaisesRegex(sounder_env._Refused, "many: expected choices among at most 1000000, .*; got 1000001"):
            sounder_env._observation_codec(sounder_env.Dict({"many": sounder_env.Discrete(1000001)}))


class WrappersTest(unittest.TestCase):
    """Attributes of a wrapped environment. The wrappers stand in for Gymnasium's."""

    class Cart(Counter):
        max_episode_steps, reward_threshold, id = 50, 40.0, "Cart-v7"

        @property
        def unwrapped(self):
            return self

    class Wrapper:
        spec = None

        def __init__(self, env):
            self.env = env
            self.observation_space, self.action_space = env.observation_space, env.action_space

        @property
        def unwrapped(self):
            return self.env.unwrapped

    class Hiding:
        """Exposes inner attributes through get_wrapper_attr only."""

        observation_space, action_space = Counter.observation_space, Counter.action_space
        spec = None

        def get_wrapper_attr(self, name):
            return getattr(WrappersTest.Cart, name)

    def told(self, make):
        spec = Client(make).spec
        return spec["id"], spec["max_episode_steps"], spec["reward_threshold"]

    def test_wrappers_hide_nothing(self):
        wrapped = lambda: self.Wrapper(self.Wrapper(self.Cart()))
        self.assertEqual(self.told(wrapped), ("Cart-v7", 50, 40.0))
        unnamed = type("Nameless", (self.Cart,), {"id": None, "reward_threshold": None})
        self.assertEqual(self.told(lambda: self.Wrapper(unnamed())), ("Nameless", 50, None))
        self.assertEqual(self.told(self.Hiding), ("Cart-v7", 50, 40.0))

        class Only:
            observation_space, action_space = Counter.observation_space, Counter.action_space
            unwrapped = self.Cart()

        self.assertEqual(self.told(Only), ("Cart-v7", 50, 40.0))

    def test_what_an_environment_was_registered_with_comes_first_and_a_time_limit_around_it_before(self):
        spec = type("EnvSpec", (), {"id": "Cart-v8", "max_episode_steps": 60, "reward_threshold": None})()
        registered = type("Registered", (self.Cart,), {"spec": spec})
        self.assertEqual(self.told(lambda: self.Wrapper(registered())), ("Cart-v8", 60, 40.0))
        limit = type("TimeLimit", (self.Wrapper,), {"_max_episode_steps": 30})
        self.assertEqual(self.told(lambda: limit(registered())), ("Cart-v8", 30, 40.0))
        self.assertEqual(self.told(lambda: self.Wrapper(limit(registered()))), ("Cart-v8", 30, 40.0))

    def test_a_name_with_letters_of_any_language_is_an_id_without_blanks(self):
        self.assertEqual(self.told(type("Größe", (Counter,), {}))[0], "Größe")
        self.assertEqual(self.told(type("A", (Counter,), {"id": "my\t 倒立\x1b振子\u202e-v0"}))[0], "my倒立振子-v0")


@unittest.skipUnless(sounder_env.numpy, "numpy is not here")
class ArraysTest(unittest.TestCase):
    """Spaces, observations and actions of numpy, as in Gymnasium."""

    def space(self, kind, **attributes):
        """A space with the membership rule of Gymnasium 1.4.0, but without casting first."""
        numpy = sounder_env.numpy
        array = lambda x: isinstance(x, numpy.ndarray) and x.shape == space.shape and numpy.can_cast(x.dtype, space.dtype)
        contains = {
            "Discrete": lambda x: isinstance(x, numpy.generic) and x.dtype == space.dtype and space.start <= x < space.start + space.n,
            "Box": lambda x: array(x) and numpy.all(x >= space.low) and numpy.all(x <= space.high),
            "MultiDiscrete": lambda x: array(x) and numpy.all(x >= space.start) and numpy.all(x < space.start + space.nvec),
            "MultiBinary": lambda x: array(x) and numpy.all((x == 0) | (x == 1))}
        space = type(kind, (), {"contains": staticmethod(lambda x: bool(contains[kind](x)))})()
        space.__dict__.update(attributes, dtype=numpy.dtype(attributes["dtype"]))
        return space

    def box(self, low, high, shape, dtype):
        numpy = sounder_env.numpy
        return self.space("Box", low=numpy.full(shape, low, dtype), high=numpy.full(shape, high, dtype), shape=shape, dtype=dtype)

    def test_every_action_is_in_its_space_and_an_observation_too(self):
        numpy = sounder_env.numpy
        most = numpy.iinfo(numpy.int64)
        spaces = [self.box(-1, 1, (2, 2), "float64"), self.box(-0.1, 0.1, (2,), "float64"), self.box(-1, 1, (2,), "float16"),
                  self.box(-numpy.inf, numpy.inf, (2,), "float16"), self.box(-1, 1, (), "float32"),
                  self.box(0, 255, (2,), "uint8"), self.box(-5, 5, (2,), "int64"), self.box(most.min, most.max, (1,), "int64"),
                  self.box(0, 1, (1, 1, 1), "float32"), self.box(0, 1, (2,), "bool"),
                  self.space("Discrete", n=numpy.int64(3), start=numpy.int64(-1), shape=(), dtype="int64"),
                  self.space("Discrete", n=numpy.int32(3), start=numpy.int32(0), shape=(), dtype="int32"),
                  self.space("MultiDiscrete", nvec=numpy.array([2, 3]), start=numpy.array([1, 5]), shape=(2,), dtype="int64"),
                  self.space("MultiDiscrete", nvec=numpy.array([[2, 3]], "int32"), start=numpy.zeros((1, 2), "int32"),
                             shape=(1, 2), dtype="int32"),
                  self.space("MultiBinary", n=(2, 3), shape=(2, 3), dtype="int8"),
                  self.space("MultiBinary", n=4, shape=(4,), dtype="int8")]
        for space in spaces:
            action = sounder_env._action_codec(space)
            observation = sounder_env._observation_codec(space)
            counts = action.counts or ([2] * action.size if type(space).__name__ == "MultiBinary" else None)
            sent = [[0] * action.size, [count - 1 for count in counts]] if counts else [
                # A trainer's float32 of 0.1 exceeds the float64, and so does that of the largest int64.
                [float(numpy.float32(x))] * action.size for x in (-3e38, -1, -0.1, 0.4999, 0.5, 0.1, 1, 254.7, 9.3e18, 3e38)]
            for numbers in sent:
                taken = action.decode(numbers)
                self.assertTrue(numpy.all(numpy.isfinite(taken)))
                self.assertTrue(space.contains(taken), (type(space).__name__, vars(space), numbers, taken))
                self.assertEqual((taken.dtype, taken.shape), (space.dtype, space.shape))
                self.assertEqual(list(action.decode(observation.encode(taken)).ravel()), list(taken.ravel()))  # its inverse

    def test_whole_numbers_of_a_box_are_the_nearest(self):
        codec = sounder_env._action_codec(self.box(0, 255, (4,), "uint8"))
        self.assertEqual(codec.decode([254.7, 0.4, 7.6, -3]).tolist(), [255, 0, 8, 0])

    def test_an_array_of_another_shape_is_refused_and_named(self):
        numpy = sounder_env.numpy
        codec = sounder_env._observation_codec(self.box(0, 1, (2, 3), "float32"))
        self.assertEqual(codec.encode(numpy.arange(6.0).reshape(2, 3)), [0, 1, 2, 3, 4, 5])
        self.assertEqual(codec.encode([numpy.arange(3.0), numpy.arange(3.0)]), [0, 1, 2, 0, 1, 2])
        for wrong in (numpy.zeros((3, 2)), numpy.zeros(6), numpy.zeros((1, 2, 3)), numpy.float32(1)):
            with self.assertRaisesRegex(sounder_env._Refused, r"of shape \[2, 3\], as its space says; got an array of shape \["):
                codec.encode(wrong)
        with self.assertRaisesRegex(sounder_env._Refused, "whole numbers, as its space says; got 0.5"):
            sounder_env._observation_codec(sounder_env.MultiDiscrete([2, 3])).encode(numpy.array([0.5, 1]))

    def test_whatever_numpy_makes_an_array_of_is_one(self):
        class LazyFrames:
            def __array__(self, dtype=None, copy=None):
                return sounder_env.numpy.array([3.0, 4.0])

        self.assertEqual(sounder_env._observation_codec(sounder_env.Box(0.0, 9.0, (2,))).encode(LazyFrames()), [3, 4])

    def told(self, space, *numbers):
        action = sounder_env._action_codec(space).decode(numbers)
        return type(action).__name__, str(action.dtype), action.shape, action.tolist()

    def test_actions_of_spaces_without_a_type_are_arrays_of_gymnasiums_usual_ones(self):
        numpy = sounder_env.numpy
        box = sounder_env.Box(numpy.zeros((2, 2), numpy.float32), numpy.ones((2, 2), numpy.float32), (2, 2))
        self.assertEqual(self.told(box, 0, 1, 0.5, 0.25), ("ndarray", "float32", (2, 2), [[0, 1], [0.5, 0.25]]))
        choices = sounder_env.MultiDiscrete(numpy.array([[2, 3], [4, 5]]))
        self.assertEqual(self.told(choices, 1, 2, 3, 4), ("ndarray", "int64", (2, 2), [[1, 2], [3, 4]]))
        self.assertEqual(self.told(sounder_env.MultiBinary(2), 1, 0), ("ndarray", "int8", (2,), [1, 0]))
        self.assertIs(type(sounder_env._action_codec(sounder_env.Discrete(3)).decode([2])), int)

    def test_pictures_with_their_channels_last_are_told_as_stable_baselines3_does(self):
        numpy = sounder_env.numpy
        told = lambda *box: sounder_env._observation_codec(self.box(*box)).description["shape"]
        self.assertEqual(told(0, 255, (84, 84, 3), "uint8"), [3, 84, 84])
        self.assertEqual(told(0, 255, (30, 20, 12), "uint8"), [12, 30, 20])  # stacked frames
        self.assertEqual(told(0, 255, (4, 84, 84), "uint8"), [4, 84, 84])
        self.assertEqual(told(0, 255, (5, 5, 5), "uint8"), [5, 5, 5])
        self.assertEqual(told(0, 1, (84, 84, 3), "uint8"), [84, 84, 3])
        self.assertEqual(told(0, 255, (84, 84, 3), "float32"), [84, 84, 3])
        self.assertEqual(told(0, 255, (84, 84), "uint8"), [84, 84])

        picture = numpy.arange(24, dtype=numpy.uint8).reshape(4, 3, 2)
        space = self.box(0, 255, (4, 3, 2), "uint8")
        codec = sounder_env._observation_codec(space)
        self.assertEqual(codec.encode(picture), list(range(0, 24, 2)) + list(range(1, 24, 2)))
        self.assertEqual(codec.encode(picture.tolist()), codec.encode(picture))
        self.assertEqual(codec.parts, [("", "Box [4, 3, 2], channels moved to the front: [2, 4, 3]", 24)])
        with self.assertRaisesRegex(sounder_env._Refused, r"of shape \[4, 3, 2\], as its space says; got an array of shape \[2"):
            codec.encode(numpy.moveaxis(picture, -1, 0))
        # Within a Dict, it is flattened without moving channels.
        self.assertEqual(sounder_env._observation_codec(sounder_env.Dict({"eye": space})).encode({"eye": picture}), list(range(24)))

    def test_numbers_of_numpy_are_numbers(self):
        numpy = sounder_env.numpy

        class Arrays(Counter):
            render_mode = "rgb_array"
            observation_space = sounder_env.Box(numpy.array([-numpy.inf, 0], numpy.float32),
                                                numpy.array([numpy.inf, 3.4028235e38], numpy.float32), (2,))
            reward_threshold = numpy.float64(2.5)

            def reset(self, seed=None):
                return numpy.array([0.5, 2], numpy.float32), {}

            def step(self, action):
                return numpy.array([1, 2]), numpy.float32(0.25), numpy.bool_(True), numpy.bool_(False), {}

            def render(self):
                return numpy.array([[[1, 2, 255]]], numpy.uint8)

        client = Client(Arrays)
        self.assertEqual(client.spec["observation_space"],
                         {"type": "Box", "low": [None, 0], "high": [None, None], "shape": [2]})
        self.assertEqual(struct.unpack("<IfBBHff", client.ask(RESET, reset((0, 1)))[1]), (0, 0, 0, 0, 0, 0.5, 2))
        self.assertEqual(struct.unpack("<IfBBHff", client.ask(STEP, b"\0" * 12)[1]), (0, 0.25, 1, 0, 0, 1, 2))
        self.assertEqual(client.ask(RENDER, b"\0\0\0\0")[1], b"\1\0\0\0\1\0\0\0\1\2\xff")


class OptionsTest(unittest.TestCase):
    def test_options_become_what_annotations_and_defaults_say(self):
        arguments = sounder_env._convert(Counter, {"start": "2", "scale": "3", "fast": "true"})
        self.assertEqual(arguments, {"start": 2, "scale": 3.0, "fast": True})
        self.assertIs(type(arguments["scale"]), float)

    def test_of_a_function_that_takes_any_they_are_guessed(self):
        arguments = sounder_env._convert(lambda **options: None, {"a": "2", "b": "2.5", "c": "false", "d": "x"})
        self.assertEqual(arguments, {"a": 2, "b": 2.5, "c": False, "d": "x"})

    def test_unknown_ones_and_wrong_values_are_refused(self):
        with self.assertRaisesRegex(sounder_env._Refused, "'stop'; the environment takes start, scale, fast"):
            sounder_env._convert(Counter, {"stop": "2"})
        with self.assertRaisesRegex(sounder_env._Refused, "'x'; the environment takes none"):
            sounder_env._convert(lambda: None, {"x": "2"})
        with self.assertRaisesRegex(sounder_env._Refused, "'start': expected int; got 'two'"):
            sounder_env._convert(Counter, {"start": "two"})
        with self.assertRaisesRegex(sounder_env._Refused, "'fast': expected true or false"):
            sounder_env._convert(Counter, {"fast": "maybe"})


class PictureTest(unittest.TestCase):
    class Painted(Counter):
        render_mode = "rgb_array"
        width, height = 3, 2

        def render(self):
            return [[(x % 256, y % 256, 7) for x in range(self.width)] for y in range(self.height)]

    def test_a_small_picture_is_sent_as_it_is(self):
        client = Client(self.Painted)
        self.assertTrue(client.spec["render"])
        client.ask(RESET, reset((0, 1)))
        kind, payload = client.ask(RENDER, b"\0\0\0\0")
        self.assertEqual(kind, PICTURE)
        self.assertEqual(payload[:8], b"\3\0\0\0\2\0\0\0")
        self.assertEqual(payload[8:], b"\0\0\7\1\0\7\2\0\7\0\1\7\1\1\7\2\1\7")

    def test_a_large_one_is_scaled_down(self):
        class Large(self.Painted):
            width, height = 600, 400

        client = Client(Large)
        client.ask(RESET, reset((0, 1)))
        kind, payload = client.ask(RENDER, b"\0\0\0\0")
        width, height = struct.unpack_from("<II", payload)
        self.assertEqual((width, height), (150, 100))  # every fourth pixel
        self.assertEqual(payload[8 + 3: 8 + 6], b"\4\0\7")
        self.assertEqual(len(payload), 8 + 3 * width * height)


class ProcessTest(unittest.TestCase):
    def run_script(self, text, **arguments):
        variables = dict(os.environ, PYTHONPATH=os.path.dirname(sounder_env.__file__))
        variables.pop("SOUNDER_ENV_FD", None)
        return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=variables, timeout=60,
                              **arguments)

    def test_alone_a_script_says_how_it_is_started(self):
        outcome = self.run_script("import sounder_env; sounder_env.serve(dict)")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("sounder train --env-command", outcome.stderr)

    def test_an_environment_in_place_of_what_makes_it_is_named(self):
        outcome = self.run_script("import sounder_env; sounder_env.serve({'made': 1})")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("expected a function or class that makes an environment", outcome.stderr)
        self.assertIn("got {'made': 1} (dict)", outcome.stderr)

    def test_a_folder_that_others_may_enter_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            outcome = self.run_script("import sounder_env; sounder_env.serve(dict, listen='%s/socket')" % folder)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("0700", outcome.stderr)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "precious")
            with open(path, "w") as file:
                file.write("kept")
            outcome = self.run_script("import sounder_env; sounder_env.serve(dict, listen='%s')" % path)
            self.assertEqual(outcome.returncode, 1)
            with open(path) as file:
                self.assertEqual(file.read(), "kept")

    def test_a_socket_that_nobody_listens_on_is_replaced_and_two_clients_are_served(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "new", "socket")
            os.mkdir(os.path.dirname(path), 0o700)
            with socket.socket(socket.AF_UNIX) as stale:
                stale.bind(path)
            tests = os.path.dirname(os.path.abspath(__file__))
            server = subprocess.Popen(
                [sys.executable, "-c",
                 "import sys; sys.path[:0] = ['%s', '%s']; import sounder_env, cart_pole;"
                 "sounder_env.serve(cart_pole.CartPole, listen='%s')"
                 % (tests, os.path.dirname(sounder_env.__file__), path)])
            try:
                clients = []
                while len(clients) < 2:
                    client = socket.socket(socket.AF_UNIX)
                    try:
                        client.connect(path)
                    except OSError:
                        client.close()
                        self.assertIsNone(server.poll())
                        continue
                    clients.append(client)
                for client in reversed(clients):
                    client.sendall(struct.pack("<IB", 9, HELLO) + b"SNDR\1\0\0\0")
                    self.assertEqual(client.recv(5)[4], SPEC)
                    client.close()
                self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
            finally:
                server.terminate()
                self.assertEqual(server.wait(60), 0)
            self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    unittest.main(buffer=True, warnings="ignore")
