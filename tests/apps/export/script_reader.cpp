// script_reader SIZE MODEL QUESTIONS REPLY ...: answers questions, as tests/apps/export/cases.h has them with SIZE
// floats an observation, by a TorchScript module, with values; again for each further four arguments. Links LibTorch,
// and nothing of Sounder.
#include <ATen/Parallel.h>
#include <torch/script.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Questions {
  std::vector<bool> begins;
  torch::Tensor observations;  // [T, D]
};

Questions read_questions(const char* file, std::int64_t size) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto width = static_cast<std::size_t>(4 + 4 * size);
  const auto count = static_cast<std::int64_t>(bytes.size() / width);
  Questions questions{.begins = {}, .observations = torch::empty({count, size})};
  for (std::int64_t t = 0; t < count; ++t) {
    const char* const question = bytes.data() + static_cast<std::size_t>(t) * width;
    std::int32_t begins = 0;
    std::memcpy(&begins, question, sizeof begins);
    questions.begins.push_back(begins != 0);
    std::memcpy(questions.observations[t].data_ptr(), question + 4, width - 4);
  }
  return questions;
}

/// Asks for all outputs of observations [B, D]. Returns the first `rows` of them.
torch::Tensor ask(torch::jit::Module& policy, const torch::Tensor& observations, std::int64_t rows) {
  const auto results = policy.get_method("outputs")({observations}).toGenericDict();
  const auto columns = [&](const char* name) {
    const torch::Tensor result = results.at(name).toTensor();
    return result.reshape({result.size(0), -1}).narrow(0, 0, rows).to(torch::kFloat32);
  };
  std::vector<torch::Tensor> all;
  for (const char* name : {"logits", "action_values", "means", "action", "value"}) {
    if (results.contains(name)) all.push_back(columns(name));
  }
  return torch::cat(all, 1).contiguous();
}

/// Without a state, asks all questions at once. Else one after the other, beside a second row of zeros that never
/// begins an episode again: rows do not mix.
torch::Tensor answers(torch::jit::Module& policy, const Questions& questions) {
  const torch::Tensor& all = questions.observations;
  if (!policy.hasattr("state")) {
    const torch::Tensor actions = policy.forward({all}).toTensor();
    const torch::Tensor outputs = ask(policy, all, all.size(0));
    TORCH_CHECK(actions.equal(policy.forward({all}).toTensor()), "forward() changes something");
    return outputs;
  }
  std::vector<torch::Tensor> replies;
  for (std::int64_t t = 0; t < all.size(0); ++t) {
    if (questions.begins[static_cast<std::size_t>(t)] && t > 0) policy.attr("state").toTensor()[0].zero_();
    replies.push_back(ask(policy, torch::stack({all[t], torch::zeros_like(all[t])}), 1));
  }
  // forward() is the action of outputs(), from the start of an episode.
  policy.get_method("reset")({});
  const torch::Tensor action = policy.forward({all.narrow(0, 0, 1)}).toTensor();
  policy.get_method("reset")({});
  const auto outputs = policy.get_method("outputs")({all.narrow(0, 0, 1)}).toGenericDict();
  TORCH_CHECK(action.equal(outputs.at("action").toTensor()), "forward() differs from outputs()");
  bool refused = false;
  try {
    policy.forward({torch::zeros({3, all.size(1)})});
  } catch (const std::exception& error) {
    refused = std::string(error.what()).find("call reset() before another number of them") != std::string::npos;
  }
  TORCH_CHECK(refused, "another number of observations goes on with the state of those before");
  return torch::cat(replies, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const torch::NoGradGuard no_grad;
  at::set_num_threads(1);  // each operation is small
  try {
    for (int i = 1; i + 3 < argc; i += 4) {
      torch::jit::Module policy = torch::jit::load(argv[i + 1]);
      const torch::Tensor reply = answers(policy, read_questions(argv[i + 2], std::stoll(argv[i])));
      std::ofstream(argv[i + 3], std::ios::binary)
          .write(static_cast<const char*>(reply.data_ptr()), static_cast<std::streamsize>(reply.nbytes()));
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
