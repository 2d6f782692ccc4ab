"""answer_onnx.py RUNTIME MODEL <QUESTIONS >REPLY: answers questions, as tests/apps/export/cases.h has them, by an ONNX
model, with values. RUNTIME: evaluator (onnx_evaluator.py) or onnxruntime.

Without a state, all questions are one batch. Else they are asked one after the other, beside a second row of zeros that
never begins an episode again: rows do not mix."""

import sys

import numpy as np


class Evaluator:
    def __init__(self, path):
        from onnx_evaluator import Model

        with open(path, "rb") as file:
            self.model = Model(file.read())

    def sizes(self):
        return {name: declared.shape.dim[1].value for name, declared in self.model.inputs.items()}

    def names(self):
        return list(self.model.outputs)

    def run(self, inputs):
        return list(self.model.run(inputs).values())


class OnnxRuntime:
    def __init__(self, path):
        import onnxruntime

        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def sizes(self):
        return {declared.name: declared.shape[1] for declared in self.session.get_inputs()}

    def names(self):
        return [declared.name for declared in self.session.get_outputs()]

    def run(self, inputs):
        return self.session.run(None, inputs)


def main():
    runtime = {"evaluator": Evaluator, "onnxruntime": OnnxRuntime}[sys.argv[1]](sys.argv[2])
    sizes, names = runtime.sizes(), runtime.names()
    kind = np.dtype([("begins", np.int32), ("observation", np.float32, (sizes["observation"],))])
    questions = np.frombuffer(sys.stdin.buffer.read(), kind)

    def reply_to(results, rows):
        named = dict(zip(names, results))
        shown = [name for name in names if name not in ("action", "next_state", "value")] + ["action"]
        shown += ["value"] if "value" in named else []
        columns = [np.asarray(named[name], np.float32).reshape(len(named["action"]), -1)[:rows] for name in shown]
        sys.stdout.buffer.write(np.concatenate(columns, 1).astype(np.float32).tobytes())

    if "state" not in sizes:
        reply_to(runtime.run({"observation": questions["observation"].copy()}), len(questions))
        return
    state = np.zeros([2, sizes["state"]], np.float32)
    for begins, observation in questions:
        if begins:
            state[0] = 0
        results = runtime.run({"observation": np.stack([observation, 0 * observation]), "state": state})
        reply_to(results, 1)
        state = np.array(results[names.index("next_state")])


main()
