"""record_flatten.py FILE: records results of gymnasium.spaces.flatten for sounder_env_test.py. Needs Gymnasium."""

import collections
import json
import sys

import gymnasium
import numpy
from gymnasium import spaces


def box(low, high, shape=None, dtype="float32"):
    return {"type": "Box", "low": low, "high": high, "shape": shape, "dtype": dtype}


def discrete(n, start=0):
    return {"type": "Discrete", "n": n, "start": start}


def multi_discrete(nvec, start):
    return {"type": "MultiDiscrete", "nvec": nvec, "start": start}


def compound(kind, *parts):
    return {"type": kind, "spaces": list(parts)}


CART = compound("Dict", ["position", box(-2.0, 2.0, [1])], ["mode", discrete(2)])
DESCRIPTIONS = [
    CART,
    compound("OrderedDict", ["position", box(-2.0, 2.0, [1])], ["mode", discrete(2)]),
    compound("Tuple", discrete(32), discrete(11), discrete(2)),  # Blackjack's
    compound("Dict", ["z", discrete(3, -1)], ["B", {"type": "MultiBinary", "n": [2, 3]}], ["a", {"type": "MultiBinary", "n": 2}]),
    compound("Tuple", multi_discrete([2, 3], [0, 0]), multi_discrete([[2, 3], [4, 5]], [[1, 5], [0, -2]])),
    compound("Dict", ["b", compound("Tuple", box(0, 255, [2, 2, 3], "uint8"), CART)], ["a", box(-1.0, 1.0, [2, 2], "float64")],
             ["c", compound("OrderedDict", ["y", discrete(4)], ["x", box(-0.5, 0.5, [])])]),
    compound("Tuple", compound("Tuple", discrete(2)), compound("Dict", ["only", box(-5, 5, [3], "int64")])),
]


def made(description):
    kind = description["type"]
    if kind == "Box":
        return spaces.Box(description["low"], description["high"], description["shape"] and tuple(description["shape"]) or (),
                          numpy.dtype(description["dtype"]))
    if kind == "Discrete":
        return spaces.Discrete(description["n"], start=description["start"])
    if kind == "MultiDiscrete":
        return spaces.MultiDiscrete(numpy.array(description["nvec"]), start=numpy.array(description["start"]))
    if kind == "MultiBinary":
        return spaces.MultiBinary(description["n"])
    if kind == "Tuple":
        return spaces.Tuple([made(part) for part in description["spaces"]])
    parts = [(key, made(part)) for key, part in description["spaces"]]
    return spaces.Dict(collections.OrderedDict(parts) if kind == "OrderedDict" else dict(parts))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value.tolist()


def recorded(description):
    space = made(description)
    space.seed(7)
    flat = spaces.flatten_space(space)
    values = [space.sample() for _ in range(3)]
    return {"space": description, "low": flat.low.tolist(), "high": flat.high.tolist(),
            "observations": [{"value": plain(value), "flat": spaces.flatten(space, value).tolist()} for value in values]}


with open(sys.argv[1], "w") as file:
    cases = ",\n".join(json.dumps(recorded(description)) for description in DESCRIPTIONS)
    file.write('{"from": "gymnasium.spaces.flatten of Gymnasium %s", "cases": [\n%s]}\n' % (gymnasium.__version__, cases))
