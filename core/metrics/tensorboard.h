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

/// Writes a TensorBoard event file: the numbers of each report and evaluation, by the global step. Each has reached the
/// kernel when the call returns; what cannot be written is no error: see AppendFile.
class TensorBoardFile final : public MetricsSink {
 public:
  /// Starts a new file events.out.tfevents.<seconds since 1970>.<host> in a folder. TensorBoard reads all files of a
  /// folder as one run, and forgets events of `first_step` and later that it finds in earlier files. Throws Error.
  TensorBoardFile(const std::filesystem::path& folder, std::int64_t first_step, const Warn& warn = {});

  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  /// What a run's folder does with event files.
  static LogKind log();

 private:
  AppendFile file_;
};

/// The format of the event file, from the bottom up (tensorflow/core/lib/io/record_writer.h and
/// tensorflow/core/util/event.proto, TensorFlow 2). Bytes are held in strings.
namespace tensorboard {

/// Computes the CRC-32C (Castagnoli) of bytes and masks it as TFRecord does: rotated right by 15 bits, plus 0xa282ead8,
/// so that the checksum of bytes which hold a checksum is as good as any.
std::uint32_t masked_crc(std::string_view bytes);

/// Frames a payload: its length as u64, the length's masked CRC, the payload, its masked CRC; all little-endian.
std::string encode_record(std::string_view payload);

struct Value {
  std::string_view tag;
  double value;  ///< stored as a float
};

/// Encodes the Event that every file begins with.
std::string encode_version(double wall_time);
/// Encodes the Event that says: training goes on from here, later steps seen before do not count.
std::string encode_session_start(double wall_time, std::int64_t step);
/// Encodes an Event with scalars.
std::string encode_scalars(double wall_time, std::int64_t step, std::span<const Value> values);

}  // namespace tensorboard

}  // namespace sounder
