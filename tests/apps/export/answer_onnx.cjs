// node answer_onnx.cjs PACKAGE MODEL <QUESTIONS >REPLY: as answer_onnx.py, by ONNX Runtime for JavaScript. PACKAGE: the
// folder of onnxruntime-web or onnxruntime-node among a node_modules.
const fs = require("fs");
const [runtime, model] = process.argv.slice(2);
const ort = require(runtime);

async function main() {
  const session = await ort.InferenceSession.create(model);
  const sizes = Object.fromEntries(session.inputMetadata.map((input) => [input.name, input.shape[1]]));
  const names = session.outputNames;
  const shown = names.filter((name) => !["action", "next_state", "value"].includes(name)).concat("action");
  if (names.includes("value")) shown.push("value");
  const questions = fs.readFileSync(0);
  const size = 4 + 4 * sizes.observation;
  const count = questions.length / size;
  const begins = (t) => questions.readInt32LE(t * size);
  const tensor = (numbers, columns) => new ort.Tensor("float32", numbers, [numbers.length / columns, columns]);

  function fill(observations, row, t) {
    for (let i = 0; i < sizes.observation; ++i) {
      observations[row * sizes.observation + i] = questions.readFloatLE(t * size + 4 + 4 * i);
    }
  }
  function replyTo(results, rows) {
    const all = results.action.dims[0];
    const numbers = [];
    for (let row = 0; row < rows; ++row) {
      for (const name of shown) {
        const data = results[name].data;
        const columns = data.length / all;
        for (let i = 0; i < columns; ++i) numbers.push(Number(data[row * columns + i]));
      }
    }
    fs.writeSync(1, Buffer.from(Float32Array.from(numbers).buffer));
  }

  if (sizes.state === undefined) {
    const observations = new Float32Array(count * sizes.observation);
    for (let t = 0; t < count; ++t) fill(observations, t, t);
    replyTo(await session.run({ observation: tensor(observations, sizes.observation) }), count);
    return;
  }
  const state = new Float32Array(2 * sizes.state);
  for (let t = 0; t < count; ++t) {
    if (begins(t)) state.fill(0, 0, sizes.state);
    const observations = new Float32Array(2 * sizes.observation);
    fill(observations, 0, t);
    const results = await session.run({
      observation: tensor(observations, sizes.observation),
      state: tensor(Float32Array.from(state), sizes.state),
    });
    replyTo(results, 1);
    state.set(results.next_state.data);
  }
}
main();
