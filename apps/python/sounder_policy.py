"""Loads a policy that Sounder trained, and acts greedily, in Python 3.9 or later.

    import sounder_policy

    policy = sounder_policy.Policy("runs/latest")   # a run's best checkpoint, or a checkpoint file
    policy.reset()                                  # at the start of every episode
    action = policy.act(observation)

This single file needs only the standard library; with numpy, larger networks are faster. An observation is a number or
numbers, nested as they like, as the environment gives them: wrappers, normalisation and what an episode carries from step
to step are part of the policy. An action is an integer (Discrete), a list of integers (MultiDiscrete, MultiBinary) or a
list of floats within the bounds (Box). Networks of your own cannot be loaded.
"""

import json
import math
import os
import struct
import sys
import zlib
from array import array

try:
    import numpy
except ImportError:
    numpy = None

__all__ = ["Policy"]

FORMAT = 2
# Wrappers that are part of the environment, not of the policy; and the one that is applied first in any case.
NOT_OF_POLICY = ("action_repeat", "sticky_actions", "one_hot_observation")


class Policy:
    """A greedy policy. `path`: a run folder, whose best checkpoint is loaded, or a checkpoint file.

    Raises OSError if there is none, and ValueError if it is damaged or not one that can be loaded here."""

    def __init__(self, path):
        self.path = find_checkpoint(path)
        metadata, tensors = read_checkpoint(self.path)
        config = read_config(metadata["config"])
        self.environment = metadata["environment"]
        self.step = int(metadata["step"])
        spaces = json.loads(metadata["spaces"])
        self.observation_space, self.action_space = spaces["observation"], spaces["action"]
        if config["network"] not in ("mlp", "cnn"):
            raise ValueError(
                "%s: it has the network '%s'; expected 'mlp' or 'cnn': your own networks cannot be loaded"
                % (self.path, config["network"])
            )
        self._observation_size = size_of(self.observation_space)
        self._outputs = output_count(self.action_space)
        self._steps, self._mappings = read_wrappers(config, self.observation_space, self.action_space)
        self._network = Network(config, tensors, self._outputs, input_shape(self._steps, self.observation_space))
        self.reset()

    def reset(self):
        """Begins an episode."""
        self._network.reset()
        for step in self._steps:
            step.reset()

    def outputs(self, observation):
        """Returns the network's outputs for the next observation of an episode, as a list: logits or values of the
        options (choice by choice) or switches, or the means of a Box's numbers before they are mapped to the bounds.

        Raises ValueError, and changes nothing, unless it is an observation of the environment."""
        numbers = self._checked(observation)
        for step in self._steps:
            numbers = step(numbers)
        return self._network(numbers)

    def act(self, observation, allowed=None):
        """Returns the action for the next observation of an episode.

        `allowed`: for Discrete and MultiDiscrete actions, a number for each option, choice by choice, 0 for those that
        are not allowed now. Raises ValueError as outputs() does."""
        kind = self.action_space["type"]
        if allowed is not None:
            allowed = [bool(number) for number in flat(allowed)]
            if kind in ("Box", "MultiBinary") or len(allowed) != self._outputs:
                raise ValueError(
                    "expected no mask, or for each of %d options a number; got %d" % (self._outputs, len(allowed))
                )
        outputs = self.outputs(observation)
        if kind == "Box":
            for mapping in self._mappings:
                outputs = mapping(outputs)
            return outputs
        if kind == "MultiBinary":
            return [int(output > 0) for output in outputs]
        choices, first = [], 0
        for count in [self.action_space["n"]] if kind == "Discrete" else self.action_space["nvec"]:
            options = [k for k in range(first, first + count) if allowed is None or allowed[k]]
            if not options:
                raise ValueError("expected a mask that allows an option of every choice")
            choices.append(max(options, key=outputs.__getitem__) - first)
            first += count
        return choices[0] if kind == "Discrete" else choices

    def _checked(self, observation):
        numbers = [float(number) for number in flat(observation)]
        if len(numbers) != self._observation_size:
            raise ValueError("expected an observation of %d numbers; got %d" % (self._observation_size, len(numbers)))
        for i, number in enumerate(numbers):
            if not math.isfinite(number):
                raise ValueError("expected finite numbers; number %d of the observation is %r" % (i, number))
        for i, count in enumerate(option_counts(self.observation_space)):
            if not (0 <= numbers[i] < count and numbers[i] == int(numbers[i])):
                raise ValueError("expected whole numbers from 0 to %d; number %d is %r" % (count - 1, i, numbers[i]))
        return numbers


def flat(value):
    """The numbers of a nested sequence, or of an array, row by row."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple, array)):
        for element in value:
            yield from flat(element)
    else:
        yield value


# Spaces, as JSON.


def size_of(space):
    return {"Discrete": lambda: 1, "Box": lambda: len(space["low"]), "MultiDiscrete": lambda: len(space["nvec"])}.get(
        space["type"], lambda: space["n"]
    )()


def option_counts(space):
    return {"Discrete": lambda: [space["n"]], "MultiDiscrete": lambda: space["nvec"]}.get(space["type"], list)()


def output_count(action_space):
    return sum(option_counts(action_space)) or size_of(action_space)


# Checkpoints.


def find_checkpoint(path):
    path = os.fspath(path)
    if not os.path.isdir(path):
        return path
    folder = os.path.join(path, "checkpoints")
    for link in ("best", "last"):
        found = os.path.join(folder, link)
        if os.path.exists(found):
            return found
    steps = [int(name[: -len(".safetensors")]) for name in os.listdir(folder) if name[: -len(".safetensors")].isdigit()]
    if not steps:
        raise FileNotFoundError("%s: there is no checkpoint in it" % path)
    return os.path.join(folder, "%d.safetensors" % max(steps))


def read_checkpoint(path):
    """The metadata, texts by their names, and the tensors of floats, (shape, numbers) by theirs."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        metadata, body = header.pop("__metadata__"), content[8 + length :]
        if "%08x" % zlib.crc32(body) != metadata["crc32"]:
            raise ValueError("its checksum is wrong")
        tensors = {}
        for name, tensor in header.items():
            begin, end = tensor["data_offsets"]
            if tensor["dtype"] != "F32":
                continue  # statistics of the optimizer
            numbers = array("f", body[begin:end])
            if sys.byteorder == "big":
                numbers.byteswap()
            tensors[name] = (tensor["shape"], numbers)
        version = int(metadata["sounder_format"])
    except (KeyError, TypeError, ValueError, struct.error) as error:
        raise ValueError("%s: it is no checkpoint of Sounder, or is damaged: %s" % (path, error)) from error
    if version < FORMAT:
        raise ValueError(
            "%s: it is of format %d, which does not have the environment's spaces; continue the run with this version "
            "('sounder train --resume RUN --steps N'), and load its checkpoints/last" % (path, version)
        )
    if version > FORMAT:
        raise ValueError("%s: it was written by a later Sounder (format %d); update sounder_policy.py" % (path, version))
    return metadata, tensors


def read_config(toml):
    """The keys that are needed, in the form in which Sounder writes them: a line each, with values as in JSON."""
    keys = "network activation trunks memory kernel stride wrappers squash_actions"
    config = {}
    for line in toml.splitlines():
        key, _, value = line.partition(" = ")
        if key in keys.split():
            config[key] = value[1:-1] if value.startswith("'") else json.loads(value)
    return config


# Wrappers of observations: each maps a list of numbers to another.


class OneHot:
    def __init__(self, counts):
        self.counts, self.size = counts, sum(counts)

    def reset(self):
        pass

    def __call__(self, numbers):
        result, first = [0.0] * self.size, 0
        for number, count in zip(numbers, self.counts):
            result[first + int(number)] = 1.0
            first += count
        return result


class Mask:
    def __init__(self, kept):
        self.kept = kept

    def reset(self):
        pass

    def __call__(self, numbers):
        return [numbers[i] for i in self.kept]


class Clip:
    def __init__(self, limit):
        self.limit = limit

    def reset(self):
        pass

    def __call__(self, numbers):
        return [min(max(number, -self.limit), self.limit) for number in numbers]


class Stack:
    def __init__(self, frames):
        self.frames = frames
        self.reset()

    def reset(self):
        self.numbers = []

    def __call__(self, numbers):
        older = self.numbers[len(numbers) :] or list(numbers) * (self.frames - 1)
        self.numbers = older + list(numbers)
        return self.numbers


class MapActions:
    """Maps the numbers of an action, by their bounds."""

    def __init__(self, function, low, high):
        self.function, self.low, self.high = function, low, high

    def __call__(self, numbers):
        return [self.function(*each) for each in zip(numbers, self.low, self.high)]


def clip(number, low, high):
    return min(max(number, low), high)


def rescale(number, low, high):
    return 0.5 * (1 - number) * low + 0.5 * (1 + number) * high


def squash(number, low, high):
    return rescale(math.tanh(number), low, high)


def read_wrappers(config, observation_space, action_space):
    """The steps of observations, in their order, and the mappings of actions, the outermost wrapper's first."""
    steps, mappings = [], []
    if option_counts(observation_space):
        steps.append(OneHot(option_counts(observation_space)))
    box = action_space["type"] == "Box"
    if box:
        low = [-math.inf if bound is None else bound for bound in action_space["low"]]
        high = [math.inf if bound is None else bound for bound in action_space["high"]]
    for wrapper in config["wrappers"]:
        name, _, value = wrapper.partition("=")
        if name == "frame_stack":
            steps.append(Stack(int(value)))
        elif name == "mask_observation":
            steps.append(Mask([int(number) for number in value.split(",")]))
        elif name == "clip_observation":
            steps.append(Clip(float(value)))
        elif name == "rescale_action":
            mappings.insert(0, MapActions(rescale, low, high))
            low, high = [-1.0] * len(low), [1.0] * len(high)
        elif name not in NOT_OF_POLICY:
            raise ValueError("wrapper '%s' is not known here" % name)
    if box:
        mappings.insert(0, MapActions(squash if config["squash_actions"] else clip, low, high))
    return steps, mappings


def input_shape(steps, observation_space):
    """[channels, height, width] of an image at the network's input; None if it is none."""
    shape = list(observation_space.get("shape", []))
    for step in steps:
        if isinstance(step, Mask):
            shape = [len(step.kept)]
        elif isinstance(step, Stack) and shape:
            shape[0] *= step.frames
    return [1] * (3 - len(shape)) + shape if len(shape) in (2, 3) else None


# The network. Numbers are lists, or arrays of numpy.


class Layer:
    """y = W x + b, of the first `outputs` outputs."""

    def __init__(self, weight, bias, outputs=None):
        (rows, columns), numbers = weight
        rows = min(rows, outputs or rows)
        self.rows = [numbers[i * columns : (i + 1) * columns] for i in range(rows)]
        self.bias = bias[1][:rows]
        if numpy is not None:
            self.rows, self.bias = numpy.array(self.rows, dtype=float), numpy.array(self.bias, dtype=float)

    def __call__(self, x):
        if numpy is not None:
            return self.rows @ x + self.bias
        return [sum(w * number for w, number in zip(row, x)) + b for row, b in zip(self.rows, self.bias)]


class Convolution:
    """Convolves an image [channels, height, width], padded with zeros by kernel / 2."""

    def __init__(self, weight, bias, shape, stride):
        (self.filters, _, self.kernel, _), numbers = weight
        self.bias, self.shape, self.stride = list(bias[1]), shape, stride
        size = shape[0] * self.kernel * self.kernel
        self.rows = [numbers[i * size : (i + 1) * size] for i in range(self.filters)]
        self.height, self.width = [(side - 1) // stride + 1 for side in shape[1:]]
        self.output_shape = [self.filters, self.height, self.width]
        if numpy is not None:
            self.rows = numpy.array(self.rows, dtype=float)

    def __call__(self, x):
        channels, height, width = self.shape
        pad = self.kernel // 2

        def number(c, i, j):
            return x[(c * height + i) * width + j] if 0 <= i < height and 0 <= j < width else 0.0

        places = [(i * self.stride - pad, j * self.stride - pad) for i in range(self.height) for j in range(self.width)]
        sides = range(self.kernel)
        patches = [[number(c, i + a, j + b) for c in range(channels) for a in sides for b in sides] for i, j in places]
        if numpy is not None:
            return (self.rows @ numpy.array(patches).T + numpy.array(self.bias)[:, None]).ravel()
        return [
            sum(w * n for w, n in zip(row, patch)) + b for row, b in zip(self.rows, self.bias) for patch in patches
        ]


def tanh(x):
    return numpy.tanh(x) if numpy is not None else [math.tanh(number) for number in x]


def relu(x):
    return numpy.maximum(x, 0) if numpy is not None else [max(number, 0.0) for number in x]


def sigmoid(x):
    return 0.5 + 0.5 * math.tanh(0.5 * x)


class Cell:
    """An LSTM or a GRU, with LibTorch's order of gates."""

    def __init__(self, tensors, name):
        self.inputs = Layer(tensors[name + ".weight_ih"], tensors[name + ".bias_ih"])
        self.recurrent = Layer(tensors[name + ".weight_hh"], tensors[name + ".bias_hh"])
        rows, self.units = tensors[name + ".weight_hh"][0]
        self.lstm = rows == 4 * self.units
        self.reset()

    def reset(self):
        self.h, self.c = [0.0] * self.units, [0.0] * self.units

    def __call__(self, x):
        units = self.units
        z, r = list(self.inputs(x)), list(self.recurrent(self.h))
        if self.lstm:
            sums = [a + b for a, b in zip(z, r)]
            for i in range(units):
                self.c[i] = sigmoid(sums[units + i]) * self.c[i] + sigmoid(sums[i]) * math.tanh(sums[2 * units + i])
            self.h = [sigmoid(sums[3 * units + i]) * math.tanh(self.c[i]) for i in range(units)]
        else:
            before, self.h = self.h, []
            for i in range(units):
                reset, update = sigmoid(z[i] + r[i]), sigmoid(z[units + i] + r[units + i])
                candidate = math.tanh(z[2 * units + i] + reset * r[2 * units + i])
                self.h.append((1 - update) * candidate + update * before[i])
        return self.h


class Network:
    """The part of a network that the policy needs: that of the value is left out."""

    def __init__(self, config, tensors, outputs, shape):
        prefix = "policy_" if "policy_head.weight" in tensors else ""

        def of(layer):
            return tensors[layer + ".weight"], tensors[layer + ".bias"]

        def blocks(name):
            names = ["%s%s.%d" % (prefix, name, i) for i in range(sum(key.endswith(".weight") for key in tensors))]
            return [name for name in names if name + ".weight" in tensors]

        self.mean = self.factor = None
        if "moments.observation_mean" in tensors:
            self.mean = list(tensors["moments.observation_mean"][1])
            self.factor = [1 / math.sqrt(v + 1e-8) for v in tensors["moments.observation_variance"][1]]
        self.activation = {"tanh": tanh, "relu": relu}[config["activation"]]
        self.layers = []
        for block in blocks("conv"):
            self.layers.append(Convolution(*of(block), shape, config["stride"]))
            shape = self.layers[-1].output_shape
        self.layers += [Layer(*of(block)) for block in blocks("body")]
        self.cell = Cell(tensors, prefix + "memory") if prefix + "memory.weight_ih" in tensors else None
        self.head = Layer(*of(prefix + "head"), outputs)

    def reset(self):
        if self.cell:
            self.cell.reset()

    def __call__(self, x):
        if self.mean:
            x = [min(max((n - mean) * factor, -10.0), 10.0) for n, mean, factor in zip(x, self.mean, self.factor)]
        for layer in self.layers:
            x = self.activation(layer(x))
        if self.cell:
            x = self.cell(x)
        return [float(output) for output in self.head(x)]
