#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sounder {

/// Called with a warning for the user, one line.
using Warn = std::function<void(const std::string&)>;

/// Appends records to a file through a buffer. Records reach the kernel, and so outlive the process, when the buffer is
/// full, at flush() and at destruction. Not thread-safe.
///
/// A failed write, for example to a full disk, throws nothing. Up to kMostBuffered bytes are kept and written later at
/// the same place; records beyond that are dropped whole and counted. A warning names the file and the cause, once per
/// cause. Another one reports when everything could be written and how many records were dropped.
class AppendFile {
 public:
  /// Opens a file at its end, or creates it. `warn` may be empty. Throws Error.
  explicit AppendFile(std::filesystem::path path, Warn warn = {});

  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  /// Writes the buffer as far as possible, without warnings.
  ~AppendFile();

  /// Writes the start of the file if it is empty. Throws Error with the file and the system's reason if that fails.
  void begin(std::string_view head);

  /// Appends one record. Writes to the file only when the buffer is full, always whole records.
  void append(std::string_view record);

  /// Appends a formatted record.
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::memory_buffer record;
    fmt::format_to(std::back_inserter(record), format, std::forward<Args>(args)...);
    append({record.data(), record.size()});
  }

  /// Writes the buffer.
  void flush();

  static constexpr std::size_t kBufferSize = std::size_t{1} << 16U;
  static constexpr std::size_t kMostBuffered = 4 * kBufferSize;

 private:
  int write_buffer() noexcept;

  std::filesystem::path path_;
  Warn warn_;
  std::string buffer_;
  int descriptor_ = -1;
  std::set<int> causes_;      // errno values since everything was last written
  std::int64_t dropped_ = 0;  // number of records
};

}  // namespace sounder
