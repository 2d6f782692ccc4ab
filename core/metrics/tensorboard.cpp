#include "core/metrics/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <boost/crc.hpp>
#include <chrono>
#include <cmath>
#include <concepts>
#include <vector>

#include "core/metrics/scalars.h"

namespace sounder {

namespace tensorboard {

namespace {

/// Protocol buffers' wire types (https://protobuf.dev/programming-guides/encoding).
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

template <std::unsigned_integral Word>
void append_little_endian(std::string& bytes, Word word) {
  for (std::size_t index = 0; index < sizeof(Word); ++index) {
    bytes += static_cast<char>(static_cast<std::uint8_t>(word >> (8 * index)));
  }
}

void append_varint(std::string& bytes, std::uint64_t value) {
  constexpr std::uint64_t kContinues = 0x80;
  for (; value >= kContinues; value >>= 7U) bytes += static_cast<char>(static_cast<std::uint8_t>(value | kContinues));
  bytes += static_cast<char>(static_cast<std::uint8_t>(value));
}

void append_key(std::string& bytes, std::uint64_t field, WireType type) {
  append_varint(bytes, field << 3U | static_cast<std::uint64_t>(type));
}

void append_bytes(std::string& bytes, std::uint64_t field, std::string_view content) {
  append_key(bytes, field, WireType::bytes);
  append_varint(bytes, content.size());
  bytes += content;
}

/// Begins an Event: wall_time = 1 (double), step = 2 (int64).
std::string begin_event(double wall_time, std::int64_t step) {
  std::string event;
  append_key(event, 1, WireType::fixed64);
  append_little_endian(event, std::bit_cast<std::uint64_t>(wall_time));
  append_key(event, 2, WireType::varint);
  append_varint(event, static_cast<std::uint64_t>(step));
  return event;
}

}  // namespace

std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(static_cast<std::uint32_t>(crc.checksum()), 15) + 0xa282ead8U;
}

std::string encode_record(std::string_view payload) {
  std::string record;
  append_little_endian(record, std::uint64_t{payload.size()});
  append_little_endian(record, masked_crc(record));
  record += payload;
  append_little_endian(record, masked_crc(payload));
  return record;
}

std::string encode_version(double wall_time) {
  std::string event = begin_event(wall_time, 0);
  append_bytes(event, 3, "brain.Event:2");  // file_version
  return event;
}

std::string encode_session_start(double wall_time, std::int64_t step) {
  std::string session_log;
  append_key(session_log, 1, WireType::varint);  // status
  append_varint(session_log, 1);                 // START
  std::string event = begin_event(wall_time, step);
  append_bytes(event, 7, session_log);
  return event;
}

std::string encode_scalars(double wall_time, std::int64_t step, std::span<const Value> values) {
  std::string summary;
  for (const auto& [tag, value] : values) {
    std::string encoded;
    append_bytes(encoded, 1, tag);
    append_key(encoded, 2, WireType::fixed32);  // simple_value
    append_little_endian(encoded, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
    append_bytes(summary, 1, encoded);
  }
  std::string event = begin_event(wall_time, step);
  append_bytes(event, 5, summary);
  return event;
}

}  // namespace tensorboard

namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

constexpr std::string_view kPrefix = "events.out.tfevents.";

std::vector<std::filesystem::path> event_files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(kPrefix)) files.push_back(entry.path());
  }
  return files;
}

/// Returns a path with a suffix that sorts last if a run is resumed within the second of its start.
std::filesystem::path unused_path(const std::filesystem::path& folder) {
  const std::string name = fmt::format("{}{:010}.{}", kPrefix, static_cast<std::int64_t>(wall_time()), host_name());
  std::filesystem::path path = folder / name;
  for (int count = 1; std::filesystem::exists(path); ++count) path = folder / fmt::format("{}.{}", name, count);
  return path;
}

std::string scalars_record(std::int64_t step, std::span<const NamedNumber> numbers) {
  std::vector<tensorboard::Value> values;
  for (const auto& [name, value] : numbers) {
    if (!std::isnan(value)) values.push_back({name, value});
  }
  return tensorboard::encode_record(tensorboard::encode_scalars(wall_time(), step, values));
}

}  // namespace

TensorBoardFile::TensorBoardFile(const std::filesystem::path& folder, std::int64_t first_step, const Warn& warn)
    : file_(unused_path(folder), warn) {
  file_.begin(tensorboard::encode_record(tensorboard::encode_version(wall_time())) +
              tensorboard::encode_record(tensorboard::encode_session_start(wall_time(), first_step)));
}

/// Removes nothing, because readers learn from the file where a resumed run continues.
LogKind TensorBoardFile::log() {
  return {.files = event_files_in,
          .require = [](const std::filesystem::path&) {},
          .cut = [](const std::filesystem::path&, const TrainingMoment&) {},
          .open = [](const LogStart& start) -> std::unique_ptr<MetricsSink> {
            return std::make_unique<TensorBoardFile>(start.run, start.first_step, start.warn);
          }};
}

void TensorBoardFile::report(const Report& report) {
  file_.append(scalars_record(report.step, numbers_of(report, report.measures)));
  file_.flush();
}

void TensorBoardFile::evaluation(const Evaluation& evaluation) {
  file_.append(scalars_record(evaluation.step, numbers_of(evaluation)));
  file_.flush();
}

}  // namespace sounder
