"""Reads and evaluates ONNX models, for tests: by numpy, from the published specifications alone (the encoding of Protocol
Buffers; onnx.proto and Operators.md of ONNX 1.8). Knows the operators that exported policies use, and is strict: a model
that breaks a rule raises ValueError.

    model = Model(open("policy.onnx", "rb").read())
    results = model.run({"observation": numpy.zeros([1, 4], "float32")})
"""

import struct

import numpy as np

FLOAT, INT64, BOOL = 1, 7, 9
TYPES = {FLOAT: np.float32, INT64: np.int64, BOOL: np.bool_}


# Protocol Buffers: a message is a list of fields, each a number of the field and a value.


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def fields_of(data):
    """The fields of a message, a list of values by their number."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        number, encoding = tag >> 3, tag & 7
        if encoding == 0:
            value, at = varint(data, at)
        elif encoding == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        elif encoding == 5:
            (value,), at = struct.unpack_from("<f", data, at), at + 4
        else:
            raise ValueError("a field is encoded as %d" % encoding)
        fields.setdefault(number, []).append(value)
    if at != len(data):
        raise ValueError("a message ends early")
    return fields


class Message:
    """A message whose fields have names: {name: (number, kind)}, of which "*" marks repeated ones."""

    def __init__(self, data, kinds):
        fields = fields_of(data)
        unknown = set(fields) - {number for number, _ in kinds.values()}
        if unknown:
            raise ValueError("there are unknown fields %s" % sorted(unknown))
        for name, (number, kind) in kinds.items():
            convert = kind[0] if isinstance(kind, list) else kind
            values = [convert(value) for value in fields.get(number, [])]
            if not isinstance(kind, list) and len(values) > 1:
                raise ValueError("the field %s is there twice" % name)
            setattr(self, name, values if isinstance(kind, list) else values[0] if values else None)


def text(data):
    return bytes(data).decode("utf-8")


def message(kinds):
    return lambda data: Message(data, kinds)


TENSOR = message(
    {"dims": (1, [signed]), "data_type": (2, signed), "name": (8, text), "raw_data": (9, bytes)}
)
ATTRIBUTE = message({"name": (1, text), "f": (2, float), "i": (3, signed), "ints": (8, [signed]), "type": (20, signed)})
NODE = message(
    {"input": (1, [text]), "output": (2, [text]), "name": (3, text), "op_type": (4, text), "attribute": (5, [ATTRIBUTE])}
)
DIMENSION = message({"value": (1, signed), "param": (2, text)})
SHAPE = message({"dim": (1, [DIMENSION])})
TENSOR_TYPE = message({"elem_type": (1, signed), "shape": (2, SHAPE)})
VALUE_INFO = message({"name": (1, text), "type": (2, message({"tensor_type": (1, TENSOR_TYPE)}))})
GRAPH = message(
    {"node": (1, [NODE]), "name": (2, text), "initializer": (5, [TENSOR]), "input": (11, [VALUE_INFO]), "output": (12, [VALUE_INFO])}
)
ENTRY = message({"key": (1, text), "value": (2, text)})
OPERATORS = message({"domain": (1, text), "version": (2, signed)})
MODEL = message(
    {
        "ir_version": (1, signed),
        "producer_name": (2, text),
        "producer_version": (3, text),
        "graph": (7, GRAPH),
        "opset_import": (8, [OPERATORS]),
        "metadata_props": (14, [ENTRY]),
    }
)


def array_of(tensor):
    array = np.frombuffer(tensor.raw_data, np.dtype(TYPES[tensor.data_type]).newbyteorder("<"))
    return array.reshape(tensor.dims).astype(TYPES[tensor.data_type])


def attributes_of(node):
    """The attributes by their names: integers and lists of integers."""
    kinds = {2: "i", 7: "ints"}
    return {attribute.name: getattr(attribute, kinds[attribute.type]) for attribute in node.attribute}


# The operators, of version 13.


def gemm(a, b, c, transB=0):
    return a @ (b.T if transB else b) + c


def conv(x, weight, bias, kernel_shape, pads, strides):
    if list(weight.shape[2:]) != kernel_shape:
        raise ValueError("the kernel's shape is %s" % kernel_shape)
    top, left, bottom, right = pads
    x = np.pad(x, [(0, 0), (0, 0), (top, bottom), (left, right)])
    height, width = [(x.shape[2 + i] - kernel_shape[i]) // strides[i] + 1 for i in range(2)]
    result = np.empty([x.shape[0], weight.shape[0], height, width], x.dtype)
    for i in range(height):
        for j in range(width):
            rows = slice(i * strides[0], i * strides[0] + kernel_shape[0])
            columns = slice(j * strides[1], j * strides[1] + kernel_shape[1])
            result[:, :, i, j] = np.tensordot(x[:, :, rows, columns], weight, axes=([1, 2, 3], [1, 2, 3])) + bias
    return result


def slice_of(x, starts, ends, axes):
    index = [slice(None)] * x.ndim
    for start, end, axis in zip(starts, ends, axes):
        index[axis] = slice(start, end)
    return x[tuple(index)]


def argmax(x, axis=0, keepdims=1, select_last_index=0):
    if select_last_index:
        raise ValueError("of equal numbers, the first is wanted")
    result = x.argmax(axis)
    return np.expand_dims(result, axis) if keepdims else result


def alike(function):
    """Of operators whose arguments are of one type."""

    def checked(*arguments):
        if len({argument.dtype for argument in arguments}) != 1:
            raise ValueError("the arguments differ in their types")
        return function(*arguments)

    return checked


OPERATIONS = {
    "Add": alike(np.add),
    "ArgMax": argmax,
    "Cast": lambda x, to: x.astype(TYPES[to]),
    "Clip": alike(np.clip),
    "Concat": lambda *parts, axis: np.concatenate(parts, axis),
    "Conv": conv,
    "Equal": alike(np.equal),
    "Gather": lambda x, indices, axis=0: np.take(x, indices, axis),
    "Gemm": gemm,
    "Greater": alike(np.greater),
    "Identity": lambda x: x,
    "Max": alike(np.maximum),
    "Min": alike(np.minimum),
    "Mul": alike(np.multiply),
    "Relu": lambda x: np.maximum(x, x.dtype.type(0)),
    "Reshape": lambda x, shape: x.reshape(shape),
    "Sigmoid": lambda x: (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype),
    "Slice": slice_of,
    "Sub": alike(np.subtract),
    "Tanh": np.tanh,
    "Where": lambda condition, x, y: np.where(condition, x, y),
}


class Model:
    def __init__(self, data):
        model = MODEL(data)
        self.ir_version, self.operators = model.ir_version, [(o.domain, o.version) for o in model.opset_import]
        if model.ir_version != 7 or self.operators != [("", 13)]:
            raise ValueError("expected IR version 7 with operators of version 13")
        self.metadata = {entry.key: entry.value for entry in model.metadata_props}
        self.graph = model.graph
        self.constants = {tensor.name: array_of(tensor) for tensor in self.graph.initializer}
        self.inputs = {value.name: value.type.tensor_type for value in self.graph.input}
        self.outputs = {value.name: value.type.tensor_type for value in self.graph.output}
        self._check_names()
        self._nodes = [
            (OPERATIONS[node.op_type], node.input, attributes_of(node), node.output[0]) for node in self.graph.node
        ]

    def _check_names(self):
        """Every tensor has one maker, before its users; and a user."""
        names = [value.name for value in self.graph.input] + [tensor.name for tensor in self.graph.initializer]
        used = set(self.outputs)
        for node in self.graph.node:
            for name in node.input:
                if name not in names:
                    raise ValueError("the tensor '%s' is used before it is there" % name)
            if len(node.output) != 1:
                raise ValueError("a node has %d outputs" % len(node.output))
            used.update(node.input)
            names += node.output
        if len(set(names)) != len(names):
            raise ValueError("a name stands for two tensors")
        if len({node.name or "" for node in self.graph.node} | {""}) != len(self.graph.node) + 1:
            raise ValueError("a node has no name, or that of another")
        if not set(self.outputs) <= set(names) or "" in names:
            raise ValueError("an output is not computed, or a tensor has no name")
        if set(names) != used:
            raise ValueError("nobody uses %s" % sorted(set(names) - used))

    def _check(self, name, array, declared, batch):
        shape = [batch if dimension.param == "batch" else dimension.value for dimension in declared.shape.dim]
        if array.dtype != TYPES[declared.elem_type] or list(array.shape) != shape:
            raise ValueError("%s: expected %s %s; got %s %s" % (name, TYPES[declared.elem_type], shape, array.dtype, array.shape))

    def run(self, inputs):
        """The outputs by their names, for all inputs by theirs."""
        if set(inputs) != set(self.inputs):
            raise ValueError("expected the inputs %s" % sorted(self.inputs))
        batch = len(inputs["observation"])
        tensors = dict(self.constants)
        for name, array in inputs.items():
            self._check(name, array, self.inputs[name], batch)
            tensors[name] = array
        for operation, arguments, attributes, result in self._nodes:
            tensors[result] = operation(*[tensors[name] for name in arguments], **attributes)
        for name, declared in self.outputs.items():
            self._check(name, tensors[name], declared, batch)
        return {name: tensors[name] for name in self.outputs}
