"""Serves environments to Sounder: any object with Gymnasium's interface, in Python 3.9 or later.

    import gymnasium
    import sounder_env

    sounder_env.serve(lambda: gymnasium.make("CartPole-v1"))

    sounder train --env-command "python3 my_env.py"

This single file needs only the standard library. Actions are elements of action_space, with its dtype, shape and start.
For spaces without a dtype, such as those of this file, actions are integers (Discrete) or arrays of float32 (Box), int64
(MultiDiscrete) and int8 (MultiBinary); without numpy, lists replace arrays. Observations have their space's shape. Those of
a Dict or a Tuple are flattened, and pictures [height, width, channels] become [channels, height, width]; `sounder check`
shows the result. Your own environment needs no base class:

    class Thermostat:
        observation_space = sounder_env.Box([-40.0], [60.0])
        action_space = sounder_env.Discrete(2)
        max_episode_steps = 200   # these three are optional
        reward_threshold = -90.0
        id = "Thermostat-v0"

        def reset(self, seed=None): ...  # returns observation, info
        def step(self, action): ...      # returns observation, reward, terminated, truncated, info

An environment that restricts its actions returns a mask in info["action_mask"] of reset and step, or from a method
action_masks(): 1 for each allowed option, 0 for the others, choice by choice for MultiDiscrete actions. Policies then take
allowed actions only.

PROTOCOL.md, next to this file, specifies the protocol on the socket.
"""

import contextlib
import inspect
import json
import math
import operator
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

__all__ = ["Box", "Dict", "Discrete", "MultiBinary", "MultiDiscrete", "Tuple", "serve"]

PROTOCOL_VERSION = 1
MAGIC = 0x52444E53  # "SNDR"
MOST_FRAME_BYTES = 16 << 20
MOST_ENVIRONMENTS = 65536
MOST_PICTURE_WIDTH, MOST_PICTURE_HEIGHT = 160, 120
MOST_ONE_HOT_NUMBERS = 1000000

HELLO, SPEC, RESET, STEP, RESULT, RENDER, PICTURE, CLOSE, ERROR = range(1, 10)


class Discrete:
    """One of n choices: 0, ..., n - 1."""

    def __init__(self, n):
        self.n = n


class Box:
    """Real numbers within bounds. Each bound is a number for all of `shape`, or a list nested as in `shape`."""

    def __init__(self, low, high, shape=None):
        self.low, self.high, self.shape = low, high, shape


class MultiDiscrete:
    """Several choices at once; the i-th has nvec[i] options."""

    def __init__(self, nvec):
        self.nvec = nvec


class MultiBinary:
    """n switches, each 0 or 1."""

    def __init__(self, n):
        self.n = n


class Dict:
    """Observations of several named parts, ordered by name as in Gymnasium."""

    def __init__(self, spaces):
        self.spaces = dict(sorted(spaces.items()))


class Tuple:
    """Observations of several parts."""

    def __init__(self, spaces):
        self.spaces = tuple(spaces)


def serve(make, listen=None):
    """Serves environments made by `make` until the trainer has finished.

    make: called for each environment, with the trainer's options (--env-option), if any, as keyword arguments; they are
        converted to the types of its parameters' annotations or defaults.
    listen: path of a unix socket to listen on, for --env-connect; its folder is created for this user only. None: uses
        the socket that this process inherited from `sounder train --env-command`.
    """
    if not callable(make):
        sys.exit("serve: expected a function or class that makes an environment, as in serve(lambda: environment); "
                 "got %s" % _told(make))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer decides when to end
    if listen is not None:
        _listen(make, listen)
        return
    number = os.environ.get("SOUNDER_ENV_FD")
    if number is None:
        sys.exit("this script waits for Sounder: start it as sounder train --env-command 'python3 %s'" % sys.argv[0])
    connection = socket.socket(fileno=int(number))
    connection.set_inheritable(False)  # so that it closes with this process, even if child processes run on
    sys.exit(0 if _Conversation(connection, make).run() else 1)


class _Refused(Exception):
    """Ends a conversation with an error frame, without a traceback."""


@contextlib.contextmanager
def _naming(name):
    """Prefixes the message of a _Refused with a name."""
    try:
        yield
    except _Refused as refused:
        raise _Refused("%s: %s" % (name, refused)) from None


class _Gone(Exception):
    """The trainer ended or closed the socket."""


class _Served:
    """An environment and the codecs of its observations and actions."""

    def __init__(self, environment):
        self.environment = environment

    def read_spaces(self, first):
        """first: the conversation's first environment; all others may differ from it in bounds only."""
        environment = self.environment
        self.spaces = getattr(environment, "observation_space", None), getattr(environment, "action_space", None)
        if self.spaces[0] is first.spaces[0] and self.spaces[1] is first.spaces[1] and self is not first:
            self.observation, self.action = first.observation, first.action
            return
        with _naming("observation_space"):
            self.observation = _observation_codec(self.spaces[0])
            first.observation.require_like(self.observation)
        with _naming("action_space"):
            self.action = _action_codec(self.spaces[1])
            first.action.require_like(self.action)

    def read_masks(self):
        """Determines the source of the environment's action masks: a method, or infos."""
        methods = (getattr(layer, "action_masks", None) for layer in _layers(self.environment))
        self.action_masks = next(filter(callable, methods), None)
        if self.action_masks is not None:
            self.require_choices("action_masks()")

    def require_choices(self, source):
        if self.action.counts is None:
            raise _Refused("%s: masks are for Discrete and MultiDiscrete actions; the action_space is a %s"
                           % (source, self.action.description["type"]))

    def mask(self, call, info):
        """Returns the allowed actions, a byte for each option of each choice; empty if all are allowed."""
        if self.action_masks is not None:
            source, mask = "action_masks()", self.action_masks()
        else:
            source, mask = 'info["action_mask"]', info.get("action_mask") if isinstance(info, dict) else None
        if mask is None:
            return b""
        with _naming(call):
            self.require_choices(source)
            numbers = _leaves(mask)
            if len(numbers) != sum(self.action.counts) or any(number not in (0, 1) for number in numbers):
                raise _Refused("%s: expected %d numbers, each 0 or 1; got %s"
                               % (source, sum(self.action.counts), _told(mask)))
        return bytes(map(int, numbers))


class _Conversation:
    """A conversation with one trainer: its environments and the exchange of frames."""

    def __init__(self, connection, make, refusals=None):
        """refusals: a file for the messages of refusals, if the trainer does not show this process's output."""
        self.connection = connection
        self.make = make
        self.refusals = refusals
        self.received = b""  # bytes of incomplete frames
        self.options = []
        self.served = {}  # environments by index
        self.running = set()  # indices of environments in an episode

    def run(self):
        """Answers requests until the trainer has finished. Returns whether there was no error."""
        try:
            with self.connection:
                return self._answer_all()
        except _Gone:
            return False
        finally:
            for served in self.served.values():
                getattr(served.environment, "close", lambda: None)()

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
            if self.refusals is not None:
                print(refused, file=self.refusals)
            self._send(ERROR, str(refused).encode())
        except Exception as error:  # from the environment
            traceback.print_exc()
            places = [place for place in traceback.extract_tb(error.__traceback__) if place.filename != __file__]
            where = " (%s, line %s)" % (os.path.basename(places[-1].filename), places[-1].lineno) if places else ""
            self._send(ERROR, ("%s: %s%s" % (type(error).__name__, error, where)).encode())
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
                # Reads the rest of a long frame without copying the received bytes again for each part.
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
        first = self._serve(0)
        self.step_request = struct.Struct("<I" + first.action.format)
        self.result = struct.Struct("<IfBBH%df" % first.observation.size)
        self._send(SPEC, json.dumps(_spec(first), allow_nan=False).encode())

    def _serve(self, index):
        if index not in self.served:
            if index >= MOST_ENVIRONMENTS:
                raise _Refused("expected an environment below %d; got %d" % (MOST_ENVIRONMENTS, index))
            options = self.options[index % len(self.options)] if self.options else {}
            self.served[index] = _Served(self.make(**_convert(self.make, options)))
            self.served[index].read_spaces(self.served[0])
            self.served[index].read_masks()
        return self.served[index]

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
            served = self._serve(index)
            answer = served.environment.reset(seed=seed)
            if not (isinstance(answer, tuple) and len(answer) == 2):
                raise _Refused("reset: expected (observation, info), as of Gymnasium 0.26 and later; got %s"
                               % _told(answer))
            self.running.add(index)
            result = self._pack("reset", index, 0.0, False, False, answer[0])
            results.append(_masked(result, served.mask("reset", answer[1])))
        self._send(RESULT, b"".join(results))

    def _step(self, payload):
        results = []
        for index, *numbers in self._requests(self.step_request, payload):
            if index not in self.running:
                raise _Refused("environment %d was stepped outside an episode" % index)
            served = self.served[index]
            answer = served.environment.step(served.action.decode(numbers))
            if not (isinstance(answer, tuple) and len(answer) == 5):
                raise _Refused("step: expected (observation, reward, terminated, truncated, info), as of Gymnasium "
                               "0.26 and later; got %s" % _told(answer))
            observation, reward, terminated, truncated, info = answer
            result = self._pack("step", index, reward, terminated, truncated, observation)
            if terminated or truncated:
                self.running.discard(index)
            results.append(result if terminated else _masked(result, served.mask("step", info)))
        self._send(RESULT, b"".join(results))

    def _pack(self, call, index, reward, terminated, truncated, observation):
        numbers = []
        try:
            numbers = self.served[index].observation.encode(observation)
            return self.result.pack(index, reward, bool(terminated), bool(truncated), 0, *numbers)
        except OverflowError:  # out of the range of float32: sent as infinite, so that the trainer notices
            numbers = [_as_float32(number) for number in numbers]
            return self.result.pack(index, _as_float32(reward), bool(terminated), bool(truncated), 0, *numbers)
        except _Refused as refused:
            raise _Refused("%s: %s" % (call, refused)) from None
        except (TypeError, ValueError, struct.error):
            wrong = [number for number in numbers if not _is_number(number)]
            if not _is_number(reward):
                text = "expected a number as reward; got %s" % _told(reward)
            elif wrong:
                text = "expected numbers as observation; got %s among them" % _told(wrong[0])
            else:
                text = "expected True or False; got %s and %s" % (_told(terminated), _told(truncated))
            raise _Refused("%s: %s" % (call, text)) from None

    def _render(self, payload):
        if len(payload) != 4:
            raise _Refused("render: expected the number of an environment")
        (index,) = struct.unpack("<I", payload)
        if index not in self.served:
            raise _Refused("render: environment %d was never reset" % index)
        rows = self.served[index].environment.render()
        try:
            height, width = len(rows), len(rows[0])
            stride = max(1, -(-height // MOST_PICTURE_HEIGHT), -(-width // MOST_PICTURE_WIDTH))
            pixels = bytes(int(rows[y][x][color]) for y in range(0, height, stride) for x in range(0, width, stride)
                           for color in range(3))
        except (TypeError, ValueError, IndexError, KeyError):
            raise _Refused("render: expected an array of [height, width, 3], of whole numbers from 0 to 255; got %s"
                           % _told(rows)) from None
        size = struct.pack("<II", len(range(0, width, stride)), len(range(0, height, stride)))
        self._send(PICTURE, size + pixels)


def _masked(result, mask):
    """Appends a mask to a result and sets the flag before its observation."""
    return result[:10] + b"\1\0" + result[12:] + mask if mask else result


def _as_float32(number):
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _is_number(value):
    try:
        float(value)
        return not isinstance(value, (str, bytes))
    except (TypeError, ValueError):
        return False
    except OverflowError:
        return True


def _told(value):
    """Describes a value briefly for an error."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return "an array of shape %s and dtype %s" % (list(value.shape), value.dtype)
    text = " ".join(repr(value).split())
    text = text if len(text) <= 60 else text[:60] + "..."
    is_plain = value is None or isinstance(value, (bool, int, float, str))
    return text if is_plain else "%s (%s)" % (text, type(value).__name__)


# ---- The spec


def _spec(served):
    environment, observation = served.environment, served.observation
    name = _about(environment, "id") or type(_layers(environment)[-1]).__name__
    spec = {
        "protocol": PROTOCOL_VERSION,
        "id": "".join(letter for letter in str(name) if letter.isprintable() and not letter.isspace()),
        "observation_space": observation.description,
        "action_space": served.action.description,
        "max_episode_steps": _limit(_about(environment, "max_episode_steps", "_max_episode_steps")),
        "reward_threshold": _threshold(_about(environment, "reward_threshold")),
        "render": _about(environment, "render_mode") == "rgb_array",
        "action_mask": served.action.counts is not None,  # any result may carry one
    }
    if observation.parts:
        spec["observation_parts"] = [{"name": name, "space": space, "numbers": numbers}
                                     for name, space, numbers in observation.parts]
    return spec


def _limit(steps):
    if steps is not None and not (_is_number(steps) and math.isfinite(steps) and steps == int(steps) >= 1):
        raise _Refused("max_episode_steps: expected a whole number of at least 1, or None; got %s" % _told(steps))
    return None if steps is None else int(steps)


def _threshold(mean_return):
    if mean_return is not None and not (_is_number(mean_return) and math.isfinite(mean_return)):
        raise _Refused("reward_threshold: expected a number, or None where there is none; got %s" % _told(mean_return))
    return None if mean_return is None else float(mean_return)


def _about(environment, *names):
    """Looks up an attribute of an environment, its wrappers, or their registered specs."""
    layers = _layers(environment)
    for layer in layers:
        for holder in (getattr(layer, "spec", None), layer):
            for name in names:
                value = getattr(holder, name, None)
                if value is not None and not callable(value):
                    return value
    for name in names:
        try:
            return environment.get_wrapper_attr(name)
        except AttributeError:
            pass
    return None


def _layers(environment):
    """Returns an environment and those that it wraps, down to the innermost one."""
    layers = []
    while environment is not None and all(environment is not layer for layer in layers):
        layers.append(environment)
        within = getattr(environment, "env", None)
        environment = within if within is not None else getattr(environment, "unwrapped", None)
    return layers


# ---- Spaces


class _Codec:
    """Converts elements of a space to and from `size` numbers of `format` (observations: of floats)."""

    def __init__(self, description, size, form, encode, decode, counts=None, parts=()):
        """description: the space, in the format of the spec. encode: returns an observation's numbers. decode: makes an
        action from numbers. counts: the number of options of each choice. parts: name, space and size of each part of
        a flattened observation."""
        self.description, self.size, self.format, self.encode, self.decode = description, size, form, encode, decode
        self.counts, self.parts = counts, parts

    def require_like(self, other):
        """Refuses a space that differs from this one in more than its bounds."""
        one, another = ({key: value for key, value in codec.description.items() if key not in ("low", "high")}
                        for codec in (self, other))
        if one != another:
            raise _Refused("expected %s, as of the first environment; got %s; options may change bounds only"
                           % (one, another))

    # As a part of a Dict or a Tuple, every space becomes one of real numbers, with choices in one-hot encoding, as in
    # Gymnasium's flatten.

    def flat_bounds(self):
        if self.description["type"] == "Box":
            return self.description["low"], self.description["high"]
        size = sum(self.counts or [self.size])
        if size > MOST_ONE_HOT_NUMBERS:
            raise _Refused("expected choices among at most %d, for they become one-hot numbers; got %d"
                           % (MOST_ONE_HOT_NUMBERS, size))
        return [0] * size, [1] * size

    def flatten(self, value):
        numbers = self.encode(value)
        if self.counts is None:
            return numbers
        one_hot = []
        for number, count in zip(numbers, self.counts):
            if number not in range(count):
                raise _Refused("expected an element of its space; got %s" % _told(value))
            row = [0.0] * count
            row[int(number)] = 1.0
            one_hot += row
        return one_hot


def _observation_codec(space):
    codec = _codec_of(space, parts=True)
    shape = codec.description.get("shape", ())
    is_picture = len(shape) == 3 and str(getattr(space, "dtype", "")) == "uint8" and (
        set(codec.description["low"]), set(codec.description["high"])) == ({0}, {255})
    return _channels_first(codec, shape) if is_picture and min(shape) < shape[0] else codec


def _action_codec(space):
    codec = _codec_of(space, parts=False)
    first = codec.decode([0] * codec.size)
    if not getattr(space, "contains", lambda action: True)(first):
        raise _Refused("expected a space that contains %s, made as its start, shape and dtype say; this %s does not"
                       % (_told(first), type(space).__name__))
    return codec


def _codec_of(space, parts):
    """Makes the codec of a space, chosen by the name of its class or a base. parts: allows Dict and Tuple."""
    makers = {"Discrete": _discrete, "Box": _box, "MultiDiscrete": _multi_discrete, "MultiBinary": _multi_binary}
    compounds = {"Dict": _dict, "Tuple": _tuple}
    expected = "expected Discrete, Box, MultiDiscrete or MultiBinary%s; got %s%s"
    for base in type(space).__mro__:
        if base.__name__ in makers:
            return makers[base.__name__](space)
        if base.__name__ in compounds:
            if parts:
                return compounds[base.__name__](space)
            raise _Refused(expected % ("", type(space).__name__, ": a policy gives one kind of action; declare one of "
                                       "these, and take it apart in step()"))
    raise _Refused(expected % (", or a Dict or Tuple of these" if parts else "", type(space).__name__,
                               ", of which no network makes numbers; leave it out" if parts else ""))


def _discrete(space):
    n, start = int(space.n), int(getattr(space, "start", 0))
    dtype = getattr(space, "dtype", None)
    scalar = int if numpy is None or dtype is None else numpy.dtype(dtype).type
    return _Codec({"type": "Discrete", "n": n}, 1, "q", lambda choice: (_whole(choice) - start,),
                  lambda numbers: scalar(numbers[0] + start), counts=[n])


def _box(space):
    shape = space.shape
    if shape is None:
        shape = _shape_of(space.low) or _shape_of(space.high) or (1,)
    shape = tuple(int(side) for side in shape)
    size = math.prod(shape)
    low, high = _bounds(space.low, size), _bounds(space.high, size)
    description = {"type": "Box", "shape": list(shape) or [1]}
    for name, bounds in (("low", low), ("high", high)):
        description[name] = [float(bound) if abs(bound) < 3.4e38 else None for bound in bounds]
    array, kind, largest = _array(space, "float32", shape)
    finite = [(max(a, -largest), min(b, largest)) for a, b in zip(low, high)]
    as_its_kind = round if kind in "biu" else float

    def decode(numbers):  # clips, because the trainer has the bounds as float32 only
        return array([as_its_kind(min(max(number, a), b)) for number, (a, b) in zip(numbers, finite)])

    return _Codec(description, size, "%df" % size, lambda value: _numbers(value, shape), decode)


def _bounds(bounds, size):
    bounds = _leaves(bounds)
    bounds = list(bounds) * size if len(bounds) == 1 else bounds
    if len(bounds) != size:
        raise _Refused("expected %d bounds, as its shape says; got %d" % (size, len(bounds)))
    for place, bound in enumerate(bounds):
        if bound != bound:
            raise _Refused("expected numbers as bounds, infinite where there is none; got NaN in place %d" % place)
    return bounds


def _multi_discrete(space):
    counts, shape = [int(count) for count in _leaves(space.nvec)], _shape_of(space.nvec)
    starts = [int(start) for start in _leaves(getattr(space, "start", 0))]
    starts = starts * len(counts) if len(starts) == 1 else starts
    array, _, _ = _array(space, "int64", shape)
    return _Codec({"type": "MultiDiscrete", "nvec": counts}, len(counts), "%dq" % len(counts),
                  lambda value: [_whole(number) - start for number, start in zip(_numbers(value, shape), starts)],
                  lambda numbers: array([number + start for number, start in zip(numbers, starts)]), counts=counts)


def _multi_binary(space):
    shape = tuple(int(side) for side in space.n) if hasattr(space.n, "__len__") else (int(space.n),)
    size = math.prod(shape)
    array, _, _ = _array(space, "int8", shape)
    return _Codec({"type": "MultiBinary", "n": size}, size, "%dq" % size, lambda value: _numbers(value, shape), array)


def _dict(space):
    keys = list(space.spaces)

    def fits(value):
        return hasattr(value, "keys") and set(value.keys()) == set(keys)

    return _flattened(dict(space.spaces), fits, "a dict with the keys %s" % ", ".join(map(str, keys)))


def _tuple(space):
    spaces = dict(enumerate(space.spaces))
    return _flattened(spaces, lambda value: _is_sequence(value) and len(value) == len(spaces),
                      "a tuple of %d" % len(spaces))


def _flattened(spaces, fits, expected):
    """Makes the codec of composite observations: one Box with the numbers of all parts in order."""
    codecs, low, high, parts = {}, [], [], []
    for key, space in spaces.items():
        with _naming(key):
            codecs[key] = codec = _codec_of(space, parts=True)
            part_low, part_high = codec.flat_bounds()
        low += part_low
        high += part_high
        own = [("", _named(codec), len(part_low))]
        parts += [(".".join(filter(None, (str(key), name))), text, numbers)
                  for name, text, numbers in codec.parts or own]

    def encode(value):
        if not fits(value):
            raise _Refused("expected %s, as its space says; got %s" % (expected, _told(value)))
        numbers = []
        for key, codec in codecs.items():
            try:
                numbers += codec.flatten(value[key])
            except _Refused as refused:
                raise _Refused("%s: %s" % (key, refused)) from None
        return numbers

    description = {"type": "Box", "low": low, "high": high, "shape": [len(low)]}
    return _Codec(description, len(low), "%df" % len(low), encode, None, parts=parts)


def _named(codec):
    """Describes how a part of an observation is flattened."""
    kind, counts = codec.description["type"], codec.counts
    if kind == "Box":
        return "Box %s" % codec.description["shape"]
    if counts is None:
        return "%s(%d)" % (kind, codec.size)
    return "%s(%s), one-hot" % (kind, counts[0] if kind == "Discrete" else counts)


def _channels_first(codec, shape):
    """Makes the codec of pictures [height, width, channels], detected as in Stable-Baselines3."""
    def encode(picture):
        if numpy.shape(picture) != tuple(shape):
            raise _misshapen(picture, shape)
        return numpy.moveaxis(numpy.asarray(picture), -1, 0).ravel().tolist()

    description = dict(codec.description, shape=[shape[2], shape[0], shape[1]])
    text = "Box %s, channels moved to the front: %s" % (shape, description["shape"])
    return _Codec(description, codec.size, codec.format, encode, None, parts=[("", text, codec.size)])


# ---- Numbers in shapes


def _whole(number):
    try:
        return operator.index(number)
    except TypeError:
        raise _Refused("expected whole numbers, as its space says; got %s" % _told(number)) from None


def _numbers(value, shape):
    """Returns the numbers of an array or of nested sequences in order. Refuses other shapes."""
    numbers = _flat(value, shape)
    if numbers is None:
        raise _misshapen(value, shape)
    return numbers


def _misshapen(value, shape):
    return _Refused("expected an observation of shape %s, as its space says; got %s" % (list(shape), _told(value)))


def _flat(value, shape):
    """Returns the numbers in order, or None if they have another shape."""
    if not isinstance(value, (list, tuple)) and numpy is not None and hasattr(value, "__array__"):
        array = numpy.asarray(value)
        return array.ravel().tolist() if array.shape == shape else None
    if not shape:
        return None if value is None or hasattr(value, "__len__") else [value]
    if not _is_sequence(value) or len(value) != shape[0]:
        return None
    if len(shape) == 1:
        return value
    parts = [_flat(part, shape[1:]) for part in value]
    return None if any(part is None for part in parts) else [number for part in parts for number in part]


def _is_sequence(value):
    return (hasattr(value, "__len__") and hasattr(value, "__getitem__") and not hasattr(value, "keys")
            and not isinstance(value, (str, bytes)))


def _leaves(numbers):
    """Returns the numbers of an array, of nested lists, or of a single number, in order."""
    if hasattr(numbers, "ravel"):
        return numbers.ravel().tolist()
    if isinstance(numbers, (list, tuple)):
        return [number for part in numbers for number in _leaves(part)]
    return [numbers]


def _shape_of(numbers):
    if hasattr(numbers, "shape"):
        return tuple(numbers.shape)
    return (len(numbers),) + _shape_of(numbers[0]) if isinstance(numbers, (list, tuple)) else ()


def _array(space, dtype, shape):
    """Returns a function that makes an array of the space's dtype, or of `dtype` if it has none (nested lists without
    numpy); numpy's letter for its kind of numbers; and its largest float."""
    if numpy is None:
        return lambda numbers: _nested(numbers, shape), "f", math.inf
    dtype = numpy.dtype(dtype if getattr(space, "dtype", None) is None else space.dtype)
    largest = float(numpy.finfo(dtype).max) if dtype.kind == "f" else math.inf
    return lambda numbers: numpy.array(numbers, dtype=dtype).reshape(shape), dtype.kind, largest


def _nested(numbers, shape):
    if len(shape) <= 1:
        return list(numbers) if shape else numbers[0]
    part = len(numbers) // shape[0]
    return [_nested(numbers[i * part:(i + 1) * part], shape[1:]) for i in range(shape[0])]


# ---- Options


def _convert(make, options):
    """Returns the arguments for `make`, converted to the types of its annotations or defaults."""
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
    """Answers every connection in its own thread, until this process is ended."""
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
        signal.signal(signal.SIGINT, lambda *_: sys.exit(0))  # started by the user, not by a trainer
        try:
            while True:
                connection, _ = listener.accept()
                conversation = _Conversation(connection, make, refusals=sys.stderr)
                threading.Thread(target=conversation.run, daemon=True).start()
        finally:
            os.unlink(path)


def _is_stale(path):
    """Returns whether there is a socket at `path` on which nobody listens."""
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
