#include "core/checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>
#include <type_traits>

#include "core/checkpoint/atomic_file.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr const char* kFormatKey = "sounder_format";
constexpr std::string_view kStatisticsPrefix = "optimizer/";

/// Calls visit(key, member) for each member that is stored in the metadata. The only list of them.
template <class AnyCheckpoint, class Visit>
void visit_members(AnyCheckpoint& checkpoint, Visit visit) {
  visit("config", checkpoint.config);
  visit("environment", checkpoint.environment);
  visit("observation_space", checkpoint.observation_space);
  visit("action_space", checkpoint.action_space);
  visit("spaces", checkpoint.spaces);
  visit("network", checkpoint.network);
  visit("seed", checkpoint.seed);
  auto& progress = checkpoint.progress;
  visit("step", progress.step);
  visit("updates", progress.updates);
  visit("episodes", progress.episodes);
  visit("seconds", progress.seconds);
  visit("solved_step", progress.solved_step);
  visit("solved_seconds", progress.solved_seconds);
  visit("best_mean_return", progress.best_mean_return);
  visit("evaluated", progress.evaluated);
  visit("workers", progress.workers);
  visit("recent_returns", progress.recent_returns);
  visit("recent_lengths", progress.recent_lengths);
}

std::string to_text(const std::string& text) {
  return text;
}

template <class Number>
requires std::is_arithmetic_v<Number> std::string to_text(Number number) {
  return fmt::format("{}", number);
}

std::string to_text(const WorkerCount& count) {
  return fmt::format("[{},{}]", count.steps, count.episodes_begun);
}

template <class Element>
std::string to_text(const std::vector<Element>& elements) {
  std::string text = "[";
  for (const Element& element : elements) {
    if (text.size() > 1) text += ',';
    text += to_text(element);
  }
  return text + ']';
}

/// Parses the numbers at the beginning of a text and ignores the rest. The caller has to detect malformed text.
template <class Number>
std::vector<Number> numbers_in(std::string_view text) {
  std::vector<Number> numbers;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of("[],"), text.size()));
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return numbers;
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
}

void from_text(const std::string& text, std::string& member) {
  member = text;
}

void from_text(const std::string& text, bool& member) {
  member = text == "true";
}

template <class Number>
requires std::is_arithmetic_v<Number>
void from_text(const std::string& text, Number& member) {
  const auto numbers = numbers_in<Number>(text);
  if (!numbers.empty()) member = numbers.front();
}

template <class Number>
void from_text(const std::string& text, std::vector<Number>& member) {
  member = numbers_in<Number>(text);
}

void from_text(const std::string& text, std::vector<WorkerCount>& member) {
  const auto numbers = numbers_in<std::int64_t>(text);
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    member.push_back({.steps = numbers[i], .episodes_begun = numbers[i + 1]});
  }
}

/// Returns the format version, which may be later than ours. Throws for an invalid one.
int format_of(const std::map<std::string, std::string>& metadata) {
  const auto found = metadata.find(kFormatKey);
  if (found == metadata.end()) throw Error(fmt::format("metadata entry '{}' is missing", kFormatKey));
  int version = 0;
  from_text(found->second, version);
  if (to_text(version) != found->second || version < 1) {
    throw Error(fmt::format("metadata entry '{}' is malformed: '{}'", kFormatKey, found->second));
  }
  return version;
}

void read_members(std::map<std::string, std::string> metadata, Checkpoint& checkpoint) {
  const bool has_spaces = format_of(metadata) > 1;
  metadata.erase(kFormatKey);
  visit_members(checkpoint, [&](std::string_view key, auto& member) {
    if (key == "spaces" && !has_spaces) return;
    const auto found = metadata.find(std::string(key));
    if (found == metadata.end()) throw Error(fmt::format("metadata entry '{}' is missing", key));
    from_text(found->second, member);
    if (to_text(member) != found->second) {
      throw Error(fmt::format("metadata entry '{}' is malformed: '{}'", key, found->second));
    }
    metadata.erase(found);
  });
  if (!metadata.empty()) throw Error(fmt::format("metadata entry '{}' is unknown", metadata.begin()->first));
}

// The largest valid count. A count near the largest integer would overflow when added to, and up to 2^53 doubles, and
// so all JSON readers, represent every count exactly.
constexpr std::int64_t kLargestCount = std::int64_t{1} << 53U;

/// Returns whether a value can result from training: numbers must be finite, counts in range, texts are arbitrary.
template <class Any>
bool is_possible(const Any& /*text*/) {
  return true;
}

bool is_possible(double number) {
  return std::isfinite(number);
}

bool is_possible(std::int64_t count) {
  return count >= 0 && count <= kLargestCount;
}

bool is_possible(const WorkerCount& count) {
  return is_possible(count.steps) && is_possible(count.episodes_begun);
}

template <class Element>
bool is_possible(const std::vector<Element>& elements) {
  return std::ranges::all_of(elements, [](const Element& element) { return is_possible(element); });
}

void check_members(const Checkpoint& checkpoint) {
  const TrainingProgress& progress = checkpoint.progress;
  visit_members(checkpoint, [&](std::string_view key, const auto& member) {
    if (key == "solved_step" && progress.solved_step == TrainingProgress{}.solved_step) return;
    if (!is_possible(member)) {
      throw Error(
          fmt::format("metadata entry '{}' holds a number that no training comes to: {}", key, to_text(member)));
    }
  });
  if (progress.seconds < 0 || progress.solved_seconds < 0) {
    throw Error(fmt::format("metadata entry '{}' is negative: {}", progress.seconds < 0 ? "seconds" : "solved_seconds",
                            std::min(progress.seconds, progress.solved_seconds)));
  }
  if (progress.recent_returns.size() != progress.recent_lengths.size()) {
    throw Error(fmt::format("metadata entries 'recent_returns' and 'recent_lengths' differ in length: {} and {}",
                            progress.recent_returns.size(), progress.recent_lengths.size()));
  }
  if (progress.recent_returns.size() > TrainingProgress::kMostRecent) {
    throw Error(fmt::format("metadata entry 'recent_returns' is too long: {} numbers, at most {}",
                            progress.recent_returns.size(), TrainingProgress::kMostRecent));
  }
}

void check_finite(const Tensor& tensor) {
  const auto check = [&](const auto& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      throw Error(
          fmt::format("tensor '{}' holds {} at index {}: the training has diverged", tensor.name, values[i], i));
    }
  };
  check(tensor.values);
  check(tensor.doubles);
}

bool of_doubles(const Tensor& tensor) {
  return !tensor.doubles.empty();
}

Tensor named_statistic(Tensor statistic) {
  statistic.name.insert(0, kStatisticsPrefix);
  return statistic;
}

std::vector<std::byte> encode(const Checkpoint& checkpoint) {
  check_members(checkpoint);
  Safetensors content;
  content.metadata[kFormatKey] = to_text(kCheckpointFormatVersion);
  visit_members(checkpoint, [&](const char* key, const auto& member) { content.metadata[key] = to_text(member); });
  for (const Tensor& statistic : checkpoint.statistics) {
    if (of_doubles(statistic)) content.tensors.push_back(named_statistic(statistic));
  }
  for (const Tensor& parameter : checkpoint.parameters) {
    if (parameter.name.starts_with(kStatisticsPrefix)) {
      throw Error(
          fmt::format("parameter '{}' needs a name that does not begin with '{}'", parameter.name, kStatisticsPrefix));
    }
    if (of_doubles(parameter)) throw Error(fmt::format("parameter '{}' is of doubles, not floats", parameter.name));
    content.tensors.push_back(parameter);
  }
  for (const Tensor& statistic : checkpoint.statistics) {
    if (!of_doubles(statistic)) content.tensors.push_back(named_statistic(statistic));
  }
  for (const Tensor& tensor : content.tensors) check_finite(tensor);
  return encode_safetensors(content);
}

Checkpoint decode(std::span<const std::byte> bytes) {
  Safetensors content = decode_safetensors(bytes);
  Checkpoint checkpoint;
  read_members(std::move(content.metadata), checkpoint);
  check_members(checkpoint);
  bool after_doubles = false;
  bool after_parameters = false;
  for (Tensor& tensor : content.tensors) {
    check_finite(tensor);
    const bool doubles = of_doubles(tensor);
    if (doubles && after_doubles) throw Error(fmt::format("tensor '{}' of doubles stands after floats", tensor.name));
    after_doubles = !doubles;
    if (tensor.name.starts_with(kStatisticsPrefix)) {
      tensor.name.erase(0, kStatisticsPrefix.size());
      after_parameters = after_parameters || !doubles;
      checkpoint.statistics.push_back(std::move(tensor));
    } else if (doubles) {
      throw Error(fmt::format("parameter '{}' is of doubles, not floats", tensor.name));
    } else if (!after_parameters) {
      checkpoint.parameters.push_back(std::move(tensor));
    } else {
      throw Error(fmt::format("parameter '{}' stands after the statistics", tensor.name));
    }
  }
  return checkpoint;
}

Error load_error(const std::filesystem::path& path, std::string_view reason, std::string_view remedy) {
  return Error(fmt::format("cannot load checkpoint '{}': {}; {}", path.string(), reason, remedy));
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw load_error(path, "there is no such file", "check the path");
  if (!std::filesystem::is_regular_file(status)) throw load_error(path, "it is not a file", "name a .safetensors file");
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes(std::filesystem::file_size(path, error));
  if (error || !file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    throw load_error(path, "it cannot be read", "check its permissions and the disk");
  }
  return bytes;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  std::vector<std::byte> bytes;
  try {
    bytes = encode(checkpoint);
  } catch (const Error& error) {
    throw Error(fmt::format("cannot save checkpoint '{}': {}", path.string(), error.what()));
  }
  write_file_atomically(path, bytes);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  int format = 0;
  try {
    format = format_of(decode_safetensors_metadata(bytes));
    if (format <= kCheckpointFormatVersion) return decode(bytes);
  } catch (const Error& error) {
    throw load_error(path, error.what(), "take another checkpoint of the run");
  }
  const std::string what = fmt::format("it was written by a later Sounder (format {}); this one reads up to {}", format,
                                       kCheckpointFormatVersion);
  throw LaterFormatError(load_error(path, what, "update Sounder").what());
}

}  // namespace sounder
