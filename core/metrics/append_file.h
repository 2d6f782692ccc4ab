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

/// Appends records to a file through a buffer. What was appended reaches the kernel, and so outlives the process, when
/// the buffer is full, at flush and at destruction. To be used by one thread.
///
/// A full disk, say, is no error of the caller's: what cannot be written is kept, and written in its place
/// later, up to kMostBuffered bytes. Records beyond that are dropped, each as a whole, and counted. A warning names the
/// file and the cause, once for each cause, and one more says when all could be written again, and how many were
/// dropped.
class AppendFile {
 public:
  /// Opens a file at its end; makes it if there is none. `warn` may be empty. Throws Error.
  explicit AppendFile(std::filesystem::path path, Warn warn = {});

  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  /// Writes what is buffered, as far as it can be written; nobody is told.
  ~AppendFile();

  /// Writes what the file is to begin with, if it has no content yet. Throws Error with the file and the system's
  /// reason where that cannot be written.
  void begin(std::string_view head);

  /// Appends one record. Writes only when the buffer is full, and then whole records.
  void append(std::string_view record);

  /// Appends a formatted record.
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::memory_buffer record;
    fmt::format_to(std::back_inserter(record), format, std::forward<Args>(args)...);
    append({record.data(), record.size()});
  }

  /// Writes what is buffered.
  void flush();

  static constexpr std::size_t kBufferSize = std::size_t{1} << 16U;
  static constexpr std::size_t kMostBuffered = 4 * kBufferSize;

 private:
  int write_buffer() noexcept;

  std::filesystem::path path_;
  Warn warn_;
  std::string buffer_;
  int descriptor_ = -1;
  std::set<int> causes_;      // errno, since all could be written
  std::int64_t dropped_ = 0;  // records
};

}  // namespace sounder
