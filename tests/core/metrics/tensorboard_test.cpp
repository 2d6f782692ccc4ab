#include "core/metrics/tensorboard.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

namespace tensorboard = sounder::tensorboard;
using sounder::TensorBoardFile;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;

namespace {

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t index = 0; index < digits.size(); index += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(index, 2)), nullptr, 16));
  }
  return bytes;
}

/// Computes CRC-32C bit by bit from its definition, with the reflected polynomial 0x82F63B78.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

/// Reads an event file according to the description of the format only.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  template <class Word>
  Word fixed() {
    Word word;
    REQUIRE(rest_.size() >= sizeof word);
    std::memcpy(&word, rest_.data(), sizeof word);
    rest_.remove_prefix(sizeof word);
    return word;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
  }

  std::string_view bytes(std::uint64_t count) {
    REQUIRE(rest_.size() >= count);
    const std::string_view front = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return front;
  }

  std::string_view record() {
    const std::string_view length_bytes = rest_.substr(0, 8);
    const auto length = fixed<std::uint64_t>();
    REQUIRE(fixed<std::uint32_t>() == masked(crc32c(length_bytes)));
    const std::string_view payload = bytes(length);
    REQUIRE(fixed<std::uint32_t>() == masked(crc32c(payload)));
    return payload;
  }

 private:
  std::string_view rest_;
};

struct Event {
  double wall_time = 0;
  std::int64_t step = -1;
  std::string file_version;
  std::string session_log;
  std::map<std::string, float> scalars;
};

Event parse_event(std::string_view payload) {
  Event event;
  Reader reader(payload);
  while (!reader.at_end()) {
    switch (reader.varint()) {  // field << 3 | wire type
      case 1 << 3 | 1:
        event.wall_time = reader.fixed<double>();
        break;
      case 2 << 3 | 0:
        event.step = static_cast<std::int64_t>(reader.varint());
        break;
      case 3 << 3 | 2:
        event.file_version = reader.bytes(reader.varint());
        break;
      case 7 << 3 | 2:
        event.session_log = reader.bytes(reader.varint());
        break;
      case 5 << 3 | 2: {
        Reader summary(reader.bytes(reader.varint()));
        while (!summary.at_end()) {
          REQUIRE(summary.varint() == (1 << 3 | 2));
          Reader value(summary.bytes(summary.varint()));
          REQUIRE(value.varint() == (1 << 3 | 2));
          const std::string tag(value.bytes(value.varint()));
          REQUIRE(value.varint() == (2 << 3 | 5));
          event.scalars[tag] = value.fixed<float>();
          REQUIRE(value.at_end());
        }
        break;
      }
      default:
        FAIL("unknown field");
    }
  }
  return event;
}

std::vector<Event> read_events(const std::filesystem::path& path) {
  const std::string bytes = read_bytes(path);
  Reader reader(bytes);
  std::vector<Event> events;
  while (!reader.at_end()) events.push_back(parse_event(reader.record()));
  return events;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("The masked CRC-32C of the check string is the published one, rotated and offset") {
  REQUIRE(crc32c("123456789") == 0xE3069283);  // the catalogue's check value of CRC-32C
  // 0xE3069283 rotated right by 15 is 0x2507c60d; plus 0xa282ead8.
  CHECK(tensorboard::masked_crc("123456789") == 0xC78AB0E5);
}

TEST_CASE("The first record of an event file is correct to the byte") {
  // 26 bytes: 09 and the double 1.5; 10 and the varint 0; 1a, the length 13 and "brain.Event:2".
  CHECK(tensorboard::encode_record(tensorboard::encode_version(1.5)) == from_hex("1a00000000000000"
                                                                                 "129bd82d"
                                                                                 "09000000000000f83f"
                                                                                 "1000"
                                                                                 "1a0d627261696e2e4576656e743a32"
                                                                                 "d3dc531e"));
}

TEST_CASE("An event with a scalar is correct to the byte") {
  // Step 300 is the varint ac 02; the summary (2a, 10 bytes) holds one value (0a, 8 bytes): tag "a" and the float 0.5.
  CHECK(tensorboard::encode_scalars(1.5, 300, std::vector<tensorboard::Value>{{"a", 0.5}}) ==
        from_hex("09000000000000f83f"
                 "10ac02"
                 "2a0a"
                 "0a080a0161150000003f"));
}

TEST_CASE("The event that starts a session is correct to the byte") {
  CHECK(tensorboard::encode_session_start(1.5, 5) == from_hex("09000000000000f83f10053a020801"));
}

TEST_CASE("An event file contains what was reported, without unmeasured numbers") {
  const TemporaryFolder folder;
  TensorBoardFile file(folder.path(), 0);
  file.report({.step = 2'000'000'000'000, .steps_per_second = 1e6, .mean_return = -12.5});
  file.evaluation({.step = 7, .returns = {1, 2}, .lengths = {3, 4}});

  const auto files = files_in(folder.path());
  REQUIRE(files.size() == 1);
  CHECK(files[0].filename().string().starts_with("events.out.tfevents."));
  const std::vector<Event> events = read_events(files[0]);
  REQUIRE(events.size() == 4);
  CHECK(events[0].file_version == "brain.Event:2");
  CHECK(events[1].session_log == "\x08\x01");
  CHECK(events[1].step == 0);
  CHECK(events[2].step == 2'000'000'000'000);
  CHECK(events[2].wall_time > 1.7e9);
  CHECK(events[2].scalars.at("rollout/ep_rew_mean") == -12.5F);
  CHECK(events[2].scalars.at("time/fps") == 1e6F);
  CHECK_FALSE(events[2].scalars.contains("train/entropy"));
  CHECK(events[3].step == 7);
  CHECK(events[3].scalars == std::map<std::string, float>{{"eval/mean_reward", 1.5F}, {"eval/mean_ep_length", 3.5F}});
}

TEST_CASE("A second event file within the same second gets its own name") {
  const TemporaryFolder folder;
  for (int step = 0; step < 3; ++step) TensorBoardFile(folder.path(), step);
  const auto files = files_in(folder.path());
  REQUIRE(files.size() == 3);
  std::vector<std::int64_t> starts;
  for (const auto& path : files) starts.push_back(read_events(path).at(1).step);
  CHECK(starts == std::vector<std::int64_t>{0, 1, 2});
}
