#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/checkpoint/checkpoint.h"
#include "envs/random.h"

namespace sounder::test {

/// Owns a new empty folder, and removes it with its contents.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sounder-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

/// Returns the message of the exception of type E that a call throws. Throws if there is none.
template <class E, class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  throw std::runtime_error("no error was thrown");
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// Makes a checkpoint whose content, including its size, depends on its step only.
inline Checkpoint checkpoint_of_step(std::int64_t step) {
  Rng rng(static_cast<std::uint64_t>(step));
  const auto tensor = [&](std::string name, std::vector<std::int64_t> shape) {
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    Tensor result{.name = std::move(name), .shape = std::move(shape), .values = std::vector<float>(count)};
    for (float& value : result.values) value = rng.uniform() - 0.5F;
    return result;
  };
  Checkpoint checkpoint;
  checkpoint.config = "steps = " + std::to_string(step) + "\nhidden = [64, 64]  # \"two layers\"\n";
  checkpoint.environment = "CartPole-v1";
  checkpoint.observation_space = "Box(4)";
  checkpoint.action_space = "Discrete(2)";
  checkpoint.spaces = R"({"observation": 4})";
  checkpoint.network = "mlp 4-64-64-2";
  checkpoint.seed = rng();
  checkpoint.progress.step = step;
  checkpoint.progress.updates = step / 20;
  checkpoint.progress.episodes = step / 100;
  checkpoint.progress.seconds = 0.1 * 3;
  checkpoint.progress.workers = {{.steps = step, .episodes_begun = 3}, {.steps = 2 * step, .episodes_begun = 0}};
  checkpoint.progress.recent_returns = {1.0 / 3, rng.uniform(-1e9, 1e9)};
  checkpoint.progress.recent_lengths = {500, 12};
  checkpoint.parameters = {tensor("policy.0.weight", {64 + step % 7, 64}), tensor("policy.0.bias", {64}),
                           tensor("temperature", {})};
  checkpoint.statistics = {tensor("square_average", {64 * (64 + step % 7) + 65})};
  return checkpoint;
}

}  // namespace sounder::test
