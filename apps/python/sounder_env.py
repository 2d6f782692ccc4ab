"""Serves environments to Sounder: any object with Gymnasium's interface, in Python 3.9 or later.

    import gymnasium
    import sounder_env

    sounder_env.serve(lambda: gymnasium.make("CartPole-v1"))

    sounder train --env-command "python3 my_env.py"

This one file is all there is to it, and needs nothing but the standard library. With numpy installed, Box, MultiDiscrete
and MultiBinary actions come as arrays; without it, as lists. An environment of your own needs no base class:

    class Thermostat:
        observation_space = sounder_env.Box([-40.0], [60.0])
        action_space = sounder_env.Discrete(2)
        max_episode_steps = 200   # these three may be left out
        reward_threshold = -90.0
        id = "Thermostat-v0"

        def reset(self, seed=None): ...  # returns observation, info
        def step(self, action): ...      # returns observation, reward, terminated, truncated, info

PROTOCOL.md, beside this file, specifies what goes over the socket.
"""

import inspect
import json
import math
import os
import signal
import socket
import stat
import struct
import sys
import threading
import traceback

try:
    import numpy
except ImportError:
    numpy = None

__all__ = ["Box", "Discrete", "MultiBinary", "MultiDiscrete", "serve"]

PROTOCOL_VERSION = 1
MAGIC = 0x52444E53  # "SNDR"
MOST_FRAME_BYTES = 16 << 20
MOST_ENVIRONMENTS = 65536
MOST_PICTURE_WIDTH, MOST_PICTURE_HEIGHT = 160, 120

HELLO, SPEC, RESET, STEP, RESULT, RENDER, PICTURE, CLOSE, ERROR = range(1, 10)


class Discrete:
    """One of n choices: 0, ..., n - 1."""

    def __init__(self, n):
        self.n = n


class Box:
    """Real numbers within bounds: numbers, which `shape` repeats, or lists of them (nested as `shape` says)."""

    def __init__(self, low, high, shape=None):
        self.low, self.high, self.shape = low, high, shape


class MultiDiscrete:
    """Several choices at once, the i-th one of nvec[i]."""

    def __init__(self, nvec):
        self.nvec = nvec


class MultiBinary:
    """n switches, each 0 or 1."""

    def __init__(self, n):
        self.n = n


def serve(make, listen=None):
    """Serves environments that `make` makes, until the trainer is done with them.

    make: called without arguments for each environment, or with the options that the trainer asks for (--env-option) by
        name; they are converted to the types of its parameters' annotations or defaults.
    listen: path of a unix socket to listen on, for --env-connect; its folder is made for this user only. None: over the
        socket that `sounder train --env-command` left to this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer decides when it is over
    if listen is not None:
        _listen(make, listen)
        return
    number = os.environ.get("SOUNDER_ENV_FD")
    if number is None:
        sys.exit("this script waits for Sounder: start it as sounder train --env-command 'python3 %s'" % sys.argv[0])
    connection = socket.socket(fileno=int(number))
    connection.set_inheritable(False)  # so that it closes with this process, whatever it has started
    sys.exit(0 if _Conversation(connection, make).run() else 1)


class _Refused(Exception):
    """What ends a conversation with an error frame; needs no traceback."""


class _Gone(Exception):
    """The trainer ended, or let go of the socket."""


class _Conversation:
    """One trainer's: its environments, and frames to and fro."""

    def __init__(self, connection, make):
        self.connection = connection
        self.make = make
        self.received = b""  # what came of frames that are not whole yet
        self.options = []
        self.environments = {}  # by index
        self.running = set()  # indices of those in an episode

    def run(self):
        """Answers until the other end is done. Returns whether all went well."""
        try:
            with self.connection:
                return self._answer_all()
        except _Gone:
            return False
        finally:
            for environment in self.environments.values():
                getattr(environment, "close", lambda: None)()

    def _answer_all(self):
        try:
            frame = self._receive()
            if frame is None:
                return True
            self._greet(*frame)
            answers = {RESET: self._reset, STEP: self._step, RENDER: self._render}
            while True:
                frame = self._receive()
                if frame is None or frame[0] == CLOSE:
                    return True
                if frame[0] not in answers:
                    raise _Refused("expected reset, step, render or close; got a frame of type %d" % frame[0])
                answers[frame[0]](frame[1])
        except _Gone:
            raise
        except _Refused as refused:
            print(refused, file=sys.stderr)
            self._send(ERROR, str(refused).encode())
        except Exception as error:  # the environment's
            traceback.print_exc()
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = "%s, line %s" % (os.path.basename(place.filename), place.lineno)
            self._send(ERROR, ("%s: %s (%s)" % (type(error).__name__, error, where)).encode())
        return False

    # ---- Frames

    def _receive(self):
        """Returns the next frame's type and payload; None at the end of the stream."""
        received = self.received
        while True:
            if len(received) >= 5:
                length, kind = struct.unpack_from("<IB", received)
                if not 1 <= length <= MOST_FRAME_BYTES:
                    raise _Refused("expected a frame of 1 to %d bytes; got %d" % (MOST_FRAME_BYTES, length))
                end = 4 + length
                if len(received) >= end:
                    self.received = received[end:]
                    return kind, received[5:end]
                # A long frame: the rest of it, without going through what has come again and again.
                parts, missing = [received], end - len(received)
                while missing > 0:
                    part = self._read(min(missing, 1 << 20))
                    if not part:
                        raise _Refused("the stream ended within a frame")
                    parts.append(part)
                    missing -= len(part)
                received = b"".join(parts)
                continue
            part = self._read(65536)
            if not part:
                if received:
                    raise _Refused("the stream ended within a frame")
                return None
            received += part

    def _read(self, most):
        try:
            return self.connection.recv(most)
        except OSError as error:
            raise _Gone from error

    def _send(self, kind, payload):
        try:
            self.connection.sendall(struct.pack("<IB", len(payload) + 1, kind) + payload)
        except OSError as error:
            raise _Gone from error

    # ---- Answers

    def _greet(self, kind, payload):
        if kind != HELLO or len(payload) < 8:
            raise _Refused("expected hello; got a frame of type %d and %d bytes" % (kind, len(payload)))
        magic, version, _ = struct.unpack_from("<IHH", payload)
        if magic != MAGIC:
            raise _Refused("expected Sounder's hello; got the magic number %#x" % magic)
        if version != PROTOCOL_VERSION:
            raise _Refused("expected version %d of the protocol; the trainer speaks %d" % (PROTOCOL_VERSION, version))
        try:
            self.options = json.loads(payload[8:].decode() or "{}").get("options") or []
        except (ValueError, AttributeError) as error:
            raise _Refused("expected a JSON object in hello: %s" % error) from error
        environment = self._environment(0)
        self.observation = _space_codec(environment.observation_space, "observation_space")
        self.action = _space_codec(environment.action_space, "action_space")
        self.step_request = struct.Struct("<I" + self.action.format)
        self.result = struct.Struct("<IfBBH%df" % self.observation.size)
        self._send(SPEC, json.dumps(self._describe(environment), allow_nan=False).encode())

    def _describe(self, environment):
        source = getattr(environment, "spec", None) or environment
        name = getattr(source, "id", None) or type(environment).__name__
        threshold = getattr(source, "reward_threshold", None)
        limit = getattr(source, "max_episode_steps", None)
        return {
            "protocol": PROTOCOL_VERSION,
            "id": "".join(str(name).split()),
            "observation_space": self.observation.description,
            "action_space": self.action.description,
            "max_episode_steps": None if limit is None else int(limit),
            "reward_threshold": None if threshold is None else float(threshold),
            "render": getattr(environment, "render_mode", None) == "rgb_array",
        }

    def _environment(self, index):
        if index not in self.environments:
            if index >= MOST_ENVIRONMENTS:
                raise _Refused("expected an environment below %d; got %d" % (MOST_ENVIRONMENTS, index))
            options = self.options[index % len(self.options)] if self.options else {}
            self.environments[index] = self.make(**_convert(self.make, options))
        return self.environments[index]

    def _requests(self, form, payload):
        if not payload or len(payload) % form.size:
            raise _Refused("expected a request in parts of %d bytes; got %d bytes" % (form.size, len(payload)))
        requests = list(form.iter_unpack(payload))
        if len({request[0] for request in requests}) != len(requests):
            raise _Refused("expected each environment once in a request")
        return requests

    def _reset(self, payload):
        results = []
        for index, seed in self._requests(struct.Struct("<IQ"), payload):
            answer = self._environment(index).reset(seed=seed)
            if not (isinstance(answer, tuple) and len(answer) == 2):
                raise _Refused("reset: expected (observation, info), as of Gymnasium 0.26 and later")
            self.running.add(index)
            results.append(self._pack(index, 0.0, False, False, answer[0]))
        self._send(RESULT, b"".join(results))

    def _step(self, payload):
        results = []
        decode = self.action.decode
        for index, *numbers in self._requests(self.step_request, payload):
            if index not in self.running:
                raise _Refused("environment %d was stepped outside an episode" % index)
            answer = self.environments[index].step(decode(numbers))
            if not (isinstance(answer, tuple) and len(answer) == 5):
                raise _Refused(
                    "step: expected (observation, reward, terminated, truncated, info), as of Gymnasium 0.26 and later"
                )
            observation, reward, terminated, truncated, _ = answer
            if terminated or truncated:
                self.running.discard(index)
            results.append(self._pack(index, reward, terminated, truncated, observation))
        self._send(RESULT, b"".join(results))

    def _pack(self, index, reward, terminated, truncated, observation):
        numbers = self.observation.encode(observation)
        if len(numbers) != self.observation.size:
            raise _Refused("expected observations of %d numbers, as their space says; got %d"
                           % (self.observation.size, len(numbers)))
        try:
            return self.result.pack(index, reward, bool(terminated), bool(truncated), 0, *numbers)
        except OverflowError:  # beyond what a float32 holds: infinite, as the trainer is to know
            numbers = [_as_float32(number) for number in numbers]
            return self.result.pack(index, _as_float32(reward), bool(terminated), bool(truncated), 0, *numbers)

    def _render(self, payload):
        if len(payload) != 4:
            raise _Refused("render: expected the number of an environment")
        (index,) = struct.unpack("<I", payload)
        if index not in self.environments:
            raise _Refused("render: environment %d was never reset" % index)
        rows = self.environments[index].render()
        if rows is None:
            raise _Refused("render: expected an array of [height, width, 3]; got None")
        height, width = len(rows), len(rows[0])
        stride = max(1, -(-height // MOST_PICTURE_HEIGHT), -(-width // MOST_PICTURE_WIDTH))
        pixels = [rows[y][x][color] for y in range(0, height, stride) for x in range(0, width, stride)
                  for color in range(3)]
        size = struct.pack("<II", len(range(0, width, stride)), len(range(0, height, stride)))
        self._send(PICTURE, size + bytes(int(pixel) for pixel in pixels))


def _as_float32(number):
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


# ---- Spaces


class _Codec:
    """How a space's elements are written: as `size` numbers of `format`."""

    def __init__(self, description, size, form, encode, decode):
        self.description, self.size, self.format, self.encode, self.decode = description, size, form, encode, decode


def _flat(numbers):
    """Returns the numbers of an array, or of lists in lists, in order."""
    if hasattr(numbers, "ravel"):
        return numbers.ravel().tolist()
    if isinstance(numbers, (list, tuple)):
        if numbers and isinstance(numbers[0], (list, tuple)):
            return [number for part in numbers for number in _flat(part)]
        return numbers
    return [float(numbers)]


def _nested(numbers, shape):
    """Arranges numbers as `shape` says: an array with numpy, else lists in lists."""
    if len(shape) <= 1:
        return list(numbers)
    part = len(numbers) // shape[0]
    return [_nested(numbers[i * part:(i + 1) * part], shape[1:]) for i in range(shape[0])]


def _array(dtype, shape):
    if numpy is not None:
        return lambda numbers: numpy.array(numbers, dtype=dtype).reshape(shape)
    return lambda numbers: _nested(numbers, shape)


def _shape_of(numbers):
    return (len(numbers),) + _shape_of(numbers[0]) if isinstance(numbers, (list, tuple)) else ()


def _space_codec(space, name):
    makers = {"Discrete": _discrete, "Box": _box, "MultiDiscrete": _multi_discrete, "MultiBinary": _multi_binary}
    for base in type(space).__mro__:
        if base.__name__ in makers:
            return makers[base.__name__](space)
    raise _Refused("%s: expected Discrete, Box, MultiDiscrete or MultiBinary; got %s (Gymnasium's FlattenObservation "
                   "makes a Box of others)" % (name, type(space).__name__))


def _discrete(space):
    start = int(getattr(space, "start", 0))
    return _Codec({"type": "Discrete", "n": int(space.n)}, 1, "q", lambda choice: (int(choice) - start,),
                  lambda numbers: numbers[0] + start)


def _box(space):
    low, high = space.low, space.high
    shape = space.shape if space.shape is not None else getattr(low, "shape", None) or _shape_of(low) or _shape_of(high)
    shape = tuple(int(side) for side in shape) or (1,)
    size = math.prod(shape)

    def bounds(numbers):
        flat = _flat(numbers)
        flat = list(flat) * size if len(flat) == 1 else flat
        return [float(bound) if math.isfinite(bound) and abs(bound) < 3.4e38 else None for bound in flat]

    description = {"type": "Box", "low": bounds(low), "high": bounds(high), "shape": list(shape)}
    return _Codec(description, size, "%df" % size, _flat, _array("float32", shape))


def _multi_discrete(space):
    counts = [int(count) for count in _flat(space.nvec)]
    return _Codec({"type": "MultiDiscrete", "nvec": counts}, len(counts), "%dq" % len(counts), _flat,
                  _array("int64", getattr(space.nvec, "shape", (len(counts),))))


def _multi_binary(space):
    size = int(math.prod(space.n)) if hasattr(space.n, "__len__") else int(space.n)
    shape = tuple(space.n) if hasattr(space.n, "__len__") else (size,)
    return _Codec({"type": "MultiBinary", "n": size}, size, "%dq" % size, _flat, _array("int8", shape))


# ---- Options


def _convert(make, options):
    """Returns the arguments to call `make` with: of the types of its annotations or defaults."""
    if not options:
        return {}
    parameters = inspect.signature(make).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    names = [name for name, parameter in parameters.items()
             if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)]
    arguments = {}
    for name, text in options.items():
        if name in names:
            arguments[name] = _converted(name, text, parameters[name])
        elif takes_any:
            arguments[name] = _guessed(text)
        else:
            raise _Refused("unknown option '%s'; the environment takes %s" % (name, ", ".join(names) or "none"))
    return arguments


def _converted(name, text, parameter):
    kind = parameter.annotation
    kind = {"bool": bool, "int": int, "float": float, "str": str}.get(kind, kind)
    if kind not in (bool, int, float, str):
        kind = type(parameter.default) if parameter.default not in (parameter.empty, None) else None
    if kind not in (bool, int, float, str):
        return _guessed(text)
    if kind is bool and text.lower() not in ("true", "false", "1", "0"):
        raise _Refused("option '%s': expected true or false; got '%s'" % (name, text))
    try:
        return text.lower() in ("true", "1") if kind is bool else kind(text)
    except ValueError as error:
        raise _Refused("option '%s': expected %s; got '%s'" % (name, kind.__name__, text)) from error


def _guessed(text):
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


# ---- Listening


def _listen(make, path):
    """Answers all who connect, each in a thread of its own, until this process is ended."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    status = os.stat(folder)
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        sys.exit("%s: expected a folder that only this user may enter (mode 0700): whoever reaches the socket can use it"
                 % folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        if _is_stale(path):
            os.unlink(path)
        listener.bind(path)
        listener.listen()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGINT, lambda *_: sys.exit(0))  # nobody started this one but its user
        try:
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=_Conversation(connection, make).run, daemon=True).start()
        finally:
            os.unlink(path)


def _is_stale(path):
    """Tells whether a socket is left at `path` on which nobody listens."""
    if not os.path.exists(path):
        return False
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        sys.exit("%s: expected a socket, or nothing; there is another file" % path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return True
    sys.exit("%s: somebody listens there already" % path)
