#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "core/metrics/append_file.h"
#include "core/metrics/log_kind.h"
#include "core/metrics/sink.h"

namespace sounder {

/// Writes a TensorBoard event file with the numbers of each report and evaluation over the global step. Data has
/// reached the kernel when a call returns. Failed writes throw nothing, see AppendFile.
class TensorBoardFile final : public MetricsSink {
 public:
  /// Creates a file events.out.tfevents.<seconds since 1970>.<host> in a folder. TensorBoard reads all files of a
  /// folder as one run, and ignores events of `first_step` and later in earlier files. Throws Error.
  TensorBoardFile(const std::filesystem::path& folder, std::int64_t first_step, const Warn& warn = {});

  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  /// Describes the handling of event files in a run's folder.
  static LogKind log();

 private:
  AppendFile file_;
};

/// The format of event files, from the bottom up (tensorflow/core/lib/io/record_writer.h and
/// tensorflow/core/util/event.proto, TensorFlow 2). Strings hold bytes.
namespace tensorboard {

/// Computes the CRC-32C (Castagnoli) of bytes and masks it like TFRecord: rotates it right by 15 bits and adds
/// 0xa282ead8, so that checksums of bytes that contain a checksum stay reliable.
std::uint32_t masked_crc(std::string_view bytes);

/// Frames a payload: its length as u64, the length's masked CRC, the payload, its masked CRC; all little-endian.
std::string encode_record(std::string_view payload);

struct Value {
  std::string_view tag;
  double value;  ///< stored as a float
};

/// Encodes the first Event of every file.
std::string encode_version(double wall_time);
/// Encodes an Event after which earlier events of `step` and later do not count: training continues from here.
std::string encode_session_start(double wall_time, std::int64_t step);
/// Encodes an Event with scalars.
std::string encode_scalars(double wall_time, std::int64_t step, std::span<const Value> values);

}  // namespace tensorboard

}  // namespace sounder
