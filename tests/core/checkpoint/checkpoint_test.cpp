#include "core/checkpoint/checkpoint.h"

#include <stdio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <sstream>

#include "core/checkpoint/contents.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using namespace sounder;
using namespace sounder::test;

namespace {

/// Returns the output of a shell command, or nothing if it fails.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), [](FILE*) { return 0; });
  std::string output;
  std::array<char, 4096> chunk{};
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), pipe.get()))
    output.append(chunk.data(), count);
  return ::pclose(pipe.get()) == 0 ? output : std::string();
}

Checkpoint round_trip(const Checkpoint& checkpoint) {
  const TemporaryFolder folder;
  save_checkpoint(folder / "file", checkpoint);
  return load_checkpoint(folder / "file");
}

Safetensors decoded(const std::filesystem::path& path) {
  const std::string bytes = read_bytes(path);
  return decode_safetensors(std::as_bytes(std::span(bytes)));
}

void write_encoded(const std::filesystem::path& path, const Safetensors& content) {
  const auto bytes = encode_safetensors(content);
  write_bytes(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string load_error(const std::filesystem::path& path) {
  return error_of<Error>([&] { load_checkpoint(path); });
}

}  // namespace

TEST_CASE("A checkpoint loads as it was saved, including a default one and one with extreme values") {
  REQUIRE(round_trip(checkpoint_of_step(12'345)) == checkpoint_of_step(12'345));
  REQUIRE(round_trip({}) == Checkpoint{});
  Checkpoint extremes;
  extremes.seed = std::numeric_limits<std::uint64_t>::max();
  extremes.progress.step = std::int64_t{1} << 53U;
  extremes.progress.solved_step = std::int64_t{1} << 53U;
  extremes.progress.seconds = std::numeric_limits<double>::denorm_min();
  extremes.progress.best_mean_return = -std::numeric_limits<double>::max();
  extremes.progress.solved_seconds = std::numeric_limits<double>::max();
  extremes.progress.evaluated = true;
  extremes.config = "text with \"quotes\", \\ and \xf0\x9f\x90\x97\n";
  REQUIRE(round_trip(extremes) == extremes);
}

TEST_CASE("Doubles survive exactly, with any digits") {
  Rng rng(1);
  for (int file = 0; file < 10; ++file) {
    Checkpoint checkpoint;
    auto& returns = checkpoint.progress.recent_returns;
    while (returns.size() < TrainingProgress::kMostRecent - 1) {
      const double value = std::bit_cast<double>(rng());
      if (std::isfinite(value)) returns.push_back(value);
    }
    returns.push_back(-0.0);
    checkpoint.progress.recent_lengths.resize(returns.size());
    const auto returned = round_trip(checkpoint).progress.recent_returns;
    REQUIRE(returned == returns);
    REQUIRE(std::signbit(returned.back()));
  }
}

TEST_CASE("The file has the names and texts of the format") {
  const TemporaryFolder folder;
  Checkpoint checkpoint = checkpoint_of_step(7);
  checkpoint.seed = 3;
  checkpoint.progress.recent_returns = {0.1, -200};
  checkpoint.parameters = {{.name = "policy.weight", .shape = {1, 2}, .values = {1, 2}}};
  checkpoint.statistics = {{.name = "square_average", .shape = {1}, .values = {3}}};
  save_checkpoint(folder / "file", checkpoint);
  const Safetensors content = decoded(folder / "file");
  REQUIRE(content.tensors == std::vector<Tensor>{{.name = "policy.weight", .shape = {1, 2}, .values = {1, 2}},
                                                 {.name = "optimizer/square_average", .shape = {1}, .values = {3}}});
  REQUIRE(content.metadata ==
          std::map<std::string, std::string>{{"sounder_format", "2"},
                                             {"config", "steps = 7\nhidden = [64, 64]  # \"two layers\"\n"},
                                             {"environment", "CartPole-v1"},
                                             {"observation_space", "Box(4)"},
                                             {"action_space", "Discrete(2)"},
                                             {"spaces", "{\"observation\": 4}"},
                                             {"network", "mlp 4-64-64-2"},
                                             {"seed", "3"},
                                             {"step", "7"},
                                             {"updates", "0"},
                                             {"episodes", "0"},
                                             {"seconds", "0.30000000000000004"},
                                             {"solved_step", "-1"},
                                             {"solved_seconds", "0"},
                                             {"best_mean_return", "0"},
                                             {"evaluated", "false"},
                                             {"workers", "[[7,3],[14,0]]"},
                                             {"recent_returns", "[0.1,-200]"},
                                             {"recent_lengths", "[500,12]"}});
}

TEST_CASE("A file that is not a checkpoint is refused in a line with the file, the reason and the remedy") {
  const TemporaryFolder folder;
  const std::string file = (folder / "file").string();
  REQUIRE(load_error(file) == "cannot load checkpoint '" + file + "': there is no such file; check the path");
  REQUIRE(load_error(folder.path()) ==
          "cannot load checkpoint '" + folder.path().string() + "': it is not a file; name a .safetensors file");
  REQUIRE(contains(load_error("/dev/zero"), "it is not a file"));
  std::filesystem::create_symlink("nowhere", folder / "last");
  REQUIRE(contains(load_error(folder / "last"), "there is no such file"));
  write_bytes(file, "");
  REQUIRE(load_error(file) ==
          "cannot load checkpoint '" + file + "': the file is empty; take another checkpoint of the run");
  write_bytes(file, "PK\3\4 is how a zip begins, and what torch.save writes");
  REQUIRE(contains(load_error(file), "the header's length, "));
}

TEST_CASE("A checkpoint of a later format is distinguished from a damaged one") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  save_checkpoint(file, checkpoint_of_step(1));
  const Safetensors saved = decoded(file);
  const auto error_with_format = [&](const std::string& format) {
    Safetensors content = saved;
    content.metadata["sounder_format"] = format;
    content.metadata["something_new"] = "1";
    write_encoded(file, content);
    return load_error(file);
  };
  REQUIRE(error_with_format("3") == "cannot load checkpoint '" + file.string() +
                                        "': it was written by a later Sounder (format 3); this one reads up to 2; "
                                        "update Sounder");
  REQUIRE(contains(error_with_format("2"), "metadata entry 'something_new' is unknown"));
  for (const std::string format : {"0", "-1", "01", "1 ", "", "two", "99999999999999999999"}) {
    REQUIRE(contains(error_with_format(format), "metadata entry 'sounder_format' is malformed: '" + format + "'"));
  }
}

TEST_CASE("Metadata in another form than the saved one is refused by name") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  save_checkpoint(file, checkpoint_of_step(1));
  const Safetensors saved = decoded(file);
  for (const auto& [key, text] : saved.metadata) {
    Safetensors content = saved;
    content.metadata.erase(key);
    write_encoded(file, content);
    REQUIRE(contains(load_error(file), "metadata entry '" + key + "' is missing"));
  }
  const std::vector<std::pair<std::string, std::string>> malformed = {{"seed", "-1"},
                                                                      {"seed", "18446744073709551616"},
                                                                      {"step", "007"},
                                                                      {"step", "1e3"},
                                                                      {"step", "[1]"},
                                                                      {"updates", ""},
                                                                      {"episodes", "1,2"},
                                                                      {"seconds", "1.0"},
                                                                      {"seconds", "1e999"},
                                                                      {"evaluated", "True"},
                                                                      {"workers", "[[1,2],[3]]"},
                                                                      {"workers", "[1,2]"},
                                                                      {"recent_returns", "[1"},
                                                                      {"recent_returns", "[1,]"},
                                                                      {"recent_lengths", "[1.5]"}};
  for (const auto& [key, text] : malformed) {
    Safetensors content = saved;
    content.metadata[key] = text;
    write_encoded(file, content);
    REQUIRE(contains(load_error(file), "metadata entry '" + key + "' is malformed: '" + text + "'"));
  }
}

TEST_CASE("Well-formed numbers that no training can reach are neither saved nor loaded") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  save_checkpoint(file, checkpoint_of_step(1));
  const Safetensors saved = decoded(file);
  std::string hundred_and_one = "[0";
  for (int i = 0; i < 100; ++i) hundred_and_one += ",0";
  hundred_and_one += ']';
  using Entries = std::map<std::string, std::string>;
  for (const Entries& entries : {Entries{{"step", "-1"}},
                                 {{"updates", "-1"}},
                                 {{"episodes", "-1"}},
                                 {{"seconds", "nan"}},
                                 {{"seconds", "inf"}},
                                 {{"solved_step", "-2"}},
                                 {{"solved_seconds", "-inf"}},
                                 {{"best_mean_return", "nan"}},
                                 {{"seconds", "-1"}},
                                 {{"solved_seconds", "-1"}},
                                 {{"step", "9223372036854775807"}},
                                 {{"updates", "9007199254740993"}},
                                 {{"episodes", "9223372036854775807"}},
                                 {{"solved_step", "9223372036854775807"}},
                                 {{"workers", "[[9223372036854775807,1]]"}},
                                 {{"workers", "[[1,9223372036854775807]]"}},
                                 {{"recent_lengths", "[9007199254740993,1]"}},
                                 {{"workers", "[[1,-1]]"}},
                                 {{"workers", "[[1,1],[-1,1]]"}},
                                 {{"recent_returns", "[1,nan]"}},
                                 {{"recent_lengths", "[1,-1]"}},
                                 {{"recent_lengths", "[1]"}},
                                 {{"recent_returns", hundred_and_one}, {"recent_lengths", hundred_and_one}}}) {
    Safetensors content = saved;
    for (const auto& [key, text] : entries) content.metadata[key] = text;
    write_encoded(file, content);
    INFO(entries.begin()->first << " = " << entries.begin()->second);
    CHECK(contains(load_error(file), "'" + entries.rbegin()->first + "'"));
  }
  Checkpoint checkpoint = checkpoint_of_step(1);
  checkpoint.progress.recent_lengths.pop_back();
  CHECK(contains(error_of<Error>([&] { save_checkpoint(file, checkpoint); }), "'recent_lengths'"));
}

TEST_CASE("Non-finite tensors are neither saved nor loaded") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  save_checkpoint(file, checkpoint_of_step(1));
  const std::string before = read_bytes(file);
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Checkpoint checkpoint = checkpoint_of_step(1);
    checkpoint.statistics[0].values[17] = value;
    const auto message = error_of<Error>([&] { save_checkpoint(file, checkpoint); });
    REQUIRE(
        contains(message, "cannot save checkpoint '" + file.string() + "': tensor 'optimizer/square_average' holds "));
    REQUIRE(contains(message, " at index 17: the training has diverged"));
    REQUIRE(read_bytes(file) == before);

    Safetensors content = decoded(file);
    content.tensors[0].values[3] = value;
    write_encoded(folder / "other", content);
    REQUIRE(contains(load_error(folder / "other"), "tensor 'policy.0.weight' holds "));
  }
}

TEST_CASE("Parameters cannot pass for statistics, nor follow them") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  Checkpoint checkpoint = checkpoint_of_step(1);
  save_checkpoint(file, checkpoint);
  Safetensors content = decoded(file);
  std::swap(content.tensors[0], content.tensors[3]);
  write_encoded(file, content);
  REQUIRE(contains(load_error(file), "parameter 'policy.0.bias' stands after the statistics"));
  checkpoint.parameters[0].name = "optimizer/weight";
  REQUIRE(contains(error_of<Error>([&] { save_checkpoint(file, checkpoint); }),
                   "parameter 'optimizer/weight' needs a name"));
}

TEST_CASE("Statistics of doubles come first in the file, aligned, and are read as they were") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  Checkpoint checkpoint = checkpoint_of_step(1);
  const Tensor tracker{.name = "tracker", .shape = {3}, .doubles = {1.0 / 3, -0.0, 1e-300}};
  checkpoint.statistics.insert(checkpoint.statistics.begin(), tracker);
  save_checkpoint(file, checkpoint);
  REQUIRE(load_checkpoint(file) == checkpoint);
  REQUIRE(decoded(file).tensors[0].name == "optimizer/tracker");
  REQUIRE(decoded(file).tensors[0].doubles == tracker.doubles);

  // Wherever a scheme names them.
  Checkpoint last = checkpoint;
  std::ranges::rotate(last.statistics, last.statistics.begin() + 1);
  save_checkpoint(file, last);
  REQUIRE(load_checkpoint(file) == checkpoint);

  Safetensors content = decoded(file);
  content.tensors[1].shape = content.tensors[2].shape = {2};
  content.tensors[1].values = content.tensors[2].values = {1, 2};
  std::swap(content.tensors[0], content.tensors[1]);
  write_encoded(file, content);
  REQUIRE(contains(load_error(file), "tensor 'optimizer/tracker' of doubles stands after floats"));
  content = {.metadata = content.metadata, .tensors = {tracker}};
  write_encoded(file, content);
  REQUIRE(contains(load_error(file), "parameter 'tracker' is of doubles, not floats"));
  last.parameters[0] = tracker;
  REQUIRE(
      contains(error_of<Error>([&] { save_checkpoint(file, last); }), "parameter 'tracker' is of doubles, not floats"));
  checkpoint.statistics[0].doubles[1] = std::numeric_limits<double>::infinity();
  REQUIRE(contains(error_of<Error>([&] { save_checkpoint(file, checkpoint); }),
                   "tensor 'optimizer/tracker' holds inf at index 1: the training has diverged"));
}

TEST_CASE("Doubles are not found where floats are asked for, nor floats for doubles") {
  const std::vector<Tensor> tensors{{.name = "floats", .shape = {2}, .values = {1, 2}},
                                    {.name = "doubles", .shape = {2}, .doubles = {3, 4}}};
  REQUIRE(find_tensor(tensors, "floats", {2}).values == std::vector<float>{1, 2});
  REQUIRE(find_doubles(tensors, "doubles", {2}).doubles == std::vector<double>{3, 4});
  REQUIRE_THROWS_WITH(find_tensor(tensors, "doubles", {2}),
                      "the checkpoint has no tensor 'doubles' of shape [2]; use the configuration it was made with");
  REQUIRE_THROWS_WITH(
      find_doubles(tensors, "floats", {2}),
      "the checkpoint has no tensor 'floats' of doubles of shape [2]; use the configuration it was made with");
}

TEST_CASE("A dozen lines of Python read the same tensors, bit for bit") {
  if (std::system("python3 -c 'import array, json, struct' 2>/dev/null") != 0) {
    WARN("skipped: python3 is not installed");
    return;
  }
  const TemporaryFolder folder;
  Checkpoint checkpoint = checkpoint_of_step(42);
  checkpoint.parameters[1].values[0] = -0.0F;
  checkpoint.parameters[1].values[1] = std::numeric_limits<float>::denorm_min();
  checkpoint.parameters[1].values[2] = std::numeric_limits<float>::max();
  const Tensor tracker{.name = "tracker", .shape = {2}, .doubles = {1.0 / 3, -1e-300}};
  checkpoint.statistics.insert(checkpoint.statistics.begin(), tracker);
  save_checkpoint(folder / "file", checkpoint);
  std::istringstream lines(output_of("python3 '" SOUNDER_TEST_SOURCES "/core/checkpoint/read_checkpoint.py' '" +
                                     (folder / "file").string() + "'"));
  std::string line;
  const auto read_values = [&](auto& values) {
    std::istringstream words(line);
    for (std::string word; words >> word;) values.push_back(std::strtod(word.c_str(), nullptr));
  };
  REQUIRE(std::getline(lines, line, ' '));
  REQUIRE(line == "step");
  REQUIRE(std::getline(lines, line));
  std::vector<double> numbers;
  read_values(numbers);
  REQUIRE(numbers ==
          std::vector<double>{42, checkpoint.progress.recent_returns[0], checkpoint.progress.recent_returns[1]});
  std::vector<Tensor> expected = checkpoint.parameters;
  expected.insert(expected.begin(), tracker);
  expected.front().name = "optimizer/tracker";
  expected.push_back(checkpoint.statistics[1]);
  expected.back().name = "optimizer/square_average";
  for (const Tensor& tensor : expected) {
    REQUIRE(std::getline(lines, line, ']'));
    std::string head = tensor.name + " [";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) head += (i > 0 ? ", " : "") + std::to_string(tensor.shape[i]);
    REQUIRE(line == head);
    REQUIRE(std::getline(lines, line));
    std::vector<double> values;
    read_values(values);
    if (!tensor.doubles.empty()) {
      REQUIRE(values == tensor.doubles);
      continue;
    }
    REQUIRE(values.size() == tensor.values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      REQUIRE(std::bit_cast<std::uint32_t>(static_cast<float>(values[i])) ==
              std::bit_cast<std::uint32_t>(tensor.values[i]));
    }
  }
  REQUIRE(!std::getline(lines, line));
}
