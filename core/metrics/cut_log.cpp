#include "core/metrics/cut_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "core/metrics/csv.h"
#include "envs/error.h"

namespace sounder {

namespace {

namespace fs = std::filesystem;

/// A file opened for reading and writing. Every failure throws Error.
class OpenFile {
 public:
  explicit OpenFile(const fs::path& path) : path_(path), descriptor_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (descriptor_ < 0) fail("open");
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  std::uint64_t size() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail("read");
    return static_cast<std::uint64_t>(status.st_size);
  }

  /// Reads the bytes from begin to end, or to the end of the file.
  std::string read(std::uint64_t begin, std::uint64_t end) const {
    std::string bytes(end - begin, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count =
          ::pread(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(begin + done));
      if (count < 0 && errno != EINTR) fail("read");
      if (count == 0) break;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }

  /// Replaces everything from `begin` on by a text. Truncates the file last, so that after a kill in between, the next
  /// cut removes the rest.
  void replace_tail(std::uint64_t begin, std::string_view text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count =
          ::pwrite(descriptor_, text.data() + done, text.size() - done, static_cast<off_t>(begin + done));
      if (count < 0 && errno != EINTR) fail("write");
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    if (::ftruncate(descriptor_, static_cast<off_t>(begin + text.size())) != 0) fail("cut");
  }

 private:
  [[noreturn]] void fail(std::string_view action) const {
    throw Error(fmt::format("cannot {} '{}': {}", action, path_.string(), std::generic_category().message(errno)));
  }

  const fs::path& path_;
  int descriptor_;
};

struct Line {
  std::string text;   // without its newline
  std::uint64_t end;  // position after its newline
};

/// Reads a file's lines from the last one back. Ignores what follows the last newline.
class LinesBackward {
 public:
  explicit LinesBackward(const OpenFile& file) : file_(file), begin_(file.size()) {
    find_newline();
    if (!buffer_.empty()) buffer_.resize(buffer_.rfind('\n') + 1);  // npos + 1 is 0
  }

  std::optional<Line> next() {
    if (buffer_.empty()) return std::nullopt;
    Line line{.text = {}, .end = begin_ + buffer_.size()};
    buffer_.pop_back();  // its newline
    find_newline();      // the newline of the line before
    const std::size_t start = buffer_.rfind('\n') + 1;
    line.text = buffer_.substr(start);
    buffer_.resize(start);
    return line;
  }

 private:
  /// Reads blocks towards the beginning until the buffer contains a newline or the file is exhausted.
  void find_newline() {
    constexpr std::uint64_t kBlock = 1U << 16U;
    while (begin_ > 0 && buffer_.find('\n') == std::string::npos) {
      const std::uint64_t block = std::min(begin_, std::max<std::uint64_t>(kBlock, buffer_.size()));
      buffer_.insert(0, file_.read(begin_ - block, begin_));
      begin_ -= block;
    }
  }

  const OpenFile& file_;
  std::uint64_t begin_;  // position of the buffer's content, which has not been returned yet
  std::string buffer_;
};

/// The decision about a line, in a pass from the end.
enum class Verdict { drop, keep, keep_all_up_to_here };

template <class Judge>
void cut(const fs::path& path, Judge judge) {
  if (!fs::exists(path)) return;
  const OpenFile file(path);
  LinesBackward lines(file);
  std::uint64_t begin = 0;
  std::vector<std::string> kept;
  while (const auto line = lines.next()) {
    const Verdict verdict = judge(line->text);
    if (verdict == Verdict::keep_all_up_to_here) {
      begin = line->end;
      break;
    }
    if (verdict == Verdict::keep) kept.push_back(line->text);
  }
  std::string tail;
  std::ranges::reverse(kept);
  for (const std::string& line : kept) tail.append(line) += '\n';
  if (begin + tail.size() != file.size()) file.replace_tail(begin, tail);
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Returns the first complete line near a file's beginning that satisfies `wanted`; nothing if there is none yet.
template <class Wanted>
std::optional<std::string> first_line(const fs::path& path, Wanted wanted) {
  constexpr std::uint64_t kMost = 1U << 16U;
  if (!fs::exists(path)) return std::nullopt;
  const std::string head = OpenFile(path).read(0, kMost);
  for (std::size_t begin = 0, end = 0; (end = head.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line = without_return(std::string_view(head).substr(begin, end - begin));
    if (wanted(line)) return std::string(line);
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const fs::path& file, std::string_view expected, std::string_view got) {
  constexpr std::size_t kShown = 100;
  throw Error(
      fmt::format("'{}' is not as Sounder writes it: expected {}, got '{}'; move the file away, and the run "
                  "begins another",
                  file.string(), expected, got.substr(0, kShown)));
}

/// Returns the value of a numeric member; nothing if the line is not an object or has no such member.
std::optional<double> number_in(const boost::json::value& line, std::string_view name) {
  if (!line.is_object()) return std::nullopt;
  const auto* value = line.get_object().if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

boost::json::value parsed(std::string_view line) {
  boost::json::error_code error;
  return boost::json::parse({line.data(), line.size()}, error);  // null if it is not JSON
}

}  // namespace

std::optional<std::string> first_row(const fs::path& file) {
  return first_line(file, [](std::string_view text) { return !text.starts_with('#'); });
}

void require_columns(const fs::path& file, std::string_view columns) {
  const auto line = first_row(file);
  if (!line || *line == columns) return;
  const auto expected = split_csv(columns);
  const auto got = split_csv(*line);
  const auto [wanted, found] = std::ranges::mismatch(expected, got);
  refuse(file,
         wanted == expected.end() ? fmt::format("no column after '{}'", expected.back())
                                  : fmt::format("the column '{}'", *wanted),
         found == got.end() ? std::string_view() : *found);
}

void require_member(const fs::path& file, std::string_view name) {
  const auto line = first_line(file, [](std::string_view) { return true; });
  if (line && !number_in(parsed(*line), name)) refuse(file, fmt::format("objects with a number '{}'", name), *line);
}

void cut_csv(const fs::path& file, const CsvCut& to) {
  const auto names = split_csv(to.columns);
  const auto column = static_cast<std::size_t>(std::ranges::find(names, to.column) - names.begin());
  cut(file, [&](std::string_view line) {
    if (without_return(line) == to.columns) return Verdict::keep_all_up_to_here;
    const auto cells = split_csv(line);
    if (cells.size() != names.size()) return Verdict::drop;
    const auto value = parse_csv_cell(cells[column]);
    return value && *value <= to.last ? Verdict::keep_all_up_to_here : Verdict::drop;
  });
}

void cut_json_lines(const fs::path& file, const JsonLinesCut& to) {
  cut(file, [&](std::string_view line) {
    const boost::json::value value = parsed(line);
    const auto number = number_in(value, to.member);
    if (!number || *number > to.last) return Verdict::drop;
    const bool in_order = value.get_object().contains({to.ordered.data(), to.ordered.size()});
    return in_order ? Verdict::keep_all_up_to_here : Verdict::keep;
  });
}

}  // namespace sounder
