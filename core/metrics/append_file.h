#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace sounder {

/// Appends to a file through a buffer and checks every write. What was appended reaches the kernel, and so outlives the
/// process, when the buffer is full, at flush and at destruction. To be used by one thread.
class AppendFile {
 public:
  /// Opens a file at its end; makes it if there is none. Throws Error.
  explicit AppendFile(std::filesystem::path path);

  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  /// Flushes; a failure to do so goes unnoticed here, so flush first where it matters.
  ~AppendFile();

  /// Appends one record. Writes only when the buffer is full, and then whole records. Throws Error, as flush does.
  void append(std::string_view record);

  /// Appends a formatted record.
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Args>(args)...);
    write_if_full();
  }

  /// Writes what is buffered. Throws Error with the file and the system's reason (a full disk, say); what could not be
  /// written stays buffered, and a later flush goes on exactly there.
  void flush();

  /// Whether the file had no content when it was opened.
  bool started_empty() const noexcept { return started_empty_; }
  const std::filesystem::path& path() const noexcept { return path_; }

  static constexpr std::size_t kBufferSize = std::size_t{1} << 16U;

 private:
  void write_if_full();

  std::filesystem::path path_;
  std::string buffer_;
  int descriptor_ = -1;
  bool started_empty_ = true;
};

}  // namespace sounder
