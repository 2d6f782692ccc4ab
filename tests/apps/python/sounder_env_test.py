"""Tests sounder_env.py as the other end of its socket sees it, frame by frame."""

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
    """A trainer's end of a conversation that runs in a thread of its own."""

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
            "action_space": {"type": "Discrete", "n": 2}})
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
        client.socket.recv(1, socket.MSG_PEEK)  # the answer has come; unread, it makes the closing a reset
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
        many = [(index, index) for index in range(6000)]  # more than is read at once
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

        self.assertIn(b"of 2 numbers, as their space says; got 3", Client(Long).ask(RESET, reset((0, 1)))[1])

    def test_numbers_beyond_float32_and_nan_arrive_as_infinite_and_nan(self):
        class Wild(Counter):
            def reset(self, seed=None):
                return [-1e300, math.nan], {}

        first, second = struct.unpack_from("<ff", Client(Wild).ask(RESET, reset((0, 1)))[1], 12)
        self.assertEqual(first, -math.inf)
        self.assertTrue(math.isnan(second))


class SpacesTest(unittest.TestCase):
    def codec(self, space):
        return sounder_env._space_codec(space, "space")

    def test_a_discrete_space_may_start_elsewhere(self):
        space = sounder_env.Discrete(3)
        space.start = -1
        codec = self.codec(space)
        self.assertEqual(codec.description, {"type": "Discrete", "n": 3})
        self.assertEqual(codec.encode(1), (2,))
        self.assertEqual(codec.decode([0]), -1)

    def test_a_box_of_rows_is_flat_on_the_way(self):
        codec = self.codec(sounder_env.Box([[0, 1], [2, 3], [4, 5]], 9.0))
        self.assertEqual(codec.description["shape"], [3, 2])
        self.assertEqual(codec.description["low"], [0, 1, 2, 3, 4, 5])
        self.assertEqual(codec.description["high"], [9] * 6)
        self.assertEqual(codec.encode([[1, 2], [3, 4], [5, 6]]), [1, 2, 3, 4, 5, 6])
        self.assertEqual([[float(n) for n in row] for row in codec.decode([1, 2, 3, 4, 5, 6])], [[1, 2], [3, 4], [5, 6]])

    def test_a_number_is_an_observation_of_one(self):
        codec = self.codec(sounder_env.Box(0.0, 1.0))
        self.assertEqual(codec.description["shape"], [1])
        self.assertEqual(codec.encode(0.5), [0.5])

    def test_several_choices_and_switches(self):
        choices = self.codec(sounder_env.MultiDiscrete([2, 5]))
        self.assertEqual(choices.description, {"type": "MultiDiscrete", "nvec": [2, 5]})
        self.assertEqual(list(choices.decode([1, 4])), [1, 4])
        switches = self.codec(sounder_env.MultiBinary(3))
        self.assertEqual(switches.description, {"type": "MultiBinary", "n": 3})
        self.assertEqual(list(switches.decode([1, 0, 1])), [1, 0, 1])

    def test_other_spaces_are_refused_by_name(self):
        class Dict:
            pass

        with self.assertRaisesRegex(sounder_env._Refused, "space: expected Discrete, .*; got Dict"):
            self.codec(Dict())

    def test_a_space_of_gymnasiums_is_known_by_its_name(self):
        kinds = type("Discrete", (), {"n": 4, "start": 0})
        derived = type("Special", (kinds,), {})
        self.assertEqual(self.codec(derived()).description, {"type": "Discrete", "n": 4})


@unittest.skipUnless(sounder_env.numpy, "numpy is not here")
class ArraysTest(unittest.TestCase):
    """Spaces, observations and actions as Gymnasium has them: numpy's."""

    def told(self, space, *numbers):
        action = sounder_env._space_codec(space, "space").decode(numbers)
        return type(action).__name__, str(action.dtype), action.shape, action.tolist()

    def test_actions_come_as_arrays_of_the_types_and_shapes_of_gymnasiums_spaces(self):
        numpy = sounder_env.numpy
        box = sounder_env.Box(numpy.zeros((2, 2), numpy.float32), numpy.ones((2, 2), numpy.float32), (2, 2))
        self.assertEqual(self.told(box, 0, 1, 0.5, 0.25), ("ndarray", "float32", (2, 2), [[0, 1], [0.5, 0.25]]))
        choices = sounder_env.MultiDiscrete(numpy.array([[2, 3], [4, 5]]))
        self.assertEqual(self.told(choices, 1, 2, 3, 4), ("ndarray", "int64", (2, 2), [[1, 2], [3, 4]]))
        self.assertEqual(self.told(sounder_env.MultiBinary(2), 1, 0), ("ndarray", "int8", (2,), [1, 0]))

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
        self.assertEqual((width, height), (150, 100))  # each fourth
        self.assertEqual(payload[8 + 3: 8 + 6], b"\4\0\7")
        self.assertEqual(len(payload), 8 + 3 * width * height)


class ProcessTest(unittest.TestCase):
    def run_script(self, text, **arguments):
        variables = dict(os.environ, PYTHONPATH=os.path.dirname(sounder_env.__file__))
        variables.pop("SOUNDER_ENV_FD", None)
        return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=variables, timeout=60,
                              **arguments)

    def test_alone_a_script_says_how_it_is_started(self):
        outcome = self.run_script("import sounder_env; sounder_env.serve(None)")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("sounder train --env-command", outcome.stderr)

    def test_a_folder_that_others_may_enter_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            outcome = self.run_script("import sounder_env; sounder_env.serve(None, listen='%s/socket')" % folder)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("0700", outcome.stderr)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "precious")
            with open(path, "w") as file:
                file.write("kept")
            outcome = self.run_script("import sounder_env; sounder_env.serve(None, listen='%s')" % path)
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
