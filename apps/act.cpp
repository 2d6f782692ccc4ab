#include "apps/act.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/policy.h"
#include "envs/error.h"
#include "envs/parse_number.h"

namespace sounder {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// Parses numbers between commas. Throws Error for anything else.
void parse_row(std::string_view line, std::vector<float>& numbers) {
  numbers.clear();
  while (true) {
    const std::size_t comma = line.find(',');
    const std::string_view text = trimmed(line.substr(0, comma));
    const auto number = parse_real(text);
    if (!number) throw Error(fmt::format("expected finite numbers between commas; got '{}'", text));
    numbers.push_back(static_cast<float>(*number));
    if (comma == std::string_view::npos) return;
    line.remove_prefix(comma + 1);
  }
}

void append_action(const Action& action, std::string& line) {
  const auto append = [&line](const auto& numbers) {
    for (const auto number : numbers) fmt::format_to(std::back_inserter(line), "{}{}", line.empty() ? "" : ",", number);
  };
  if (const auto* const index = std::get_if<std::int64_t>(&action)) append(std::span(index, 1));
  if (const auto* const numbers = std::get_if<std::span<const float>>(&action)) append(*numbers);
  if (const auto* const choices = std::get_if<std::span<const std::int64_t>>(&action)) append(*choices);
}

void require_written(bool written) {
  if (!written) throw Error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

void flush_answers() {
  require_written(std::fflush(stdout) == 0);
}

/// Reads the lines of stdin. Whenever it may have to wait for more, all answers are written first.
class LineReader {
 public:
  /// Returns the next line, without its end, as a view until the next call; nothing at the end of the input.
  std::optional<std::string_view> next() {
    std::size_t end = 0;
    while ((end = text_.find('\n', first_)) == std::string::npos && read_more()) {
    }
    if (first_ == text_.size()) return std::nullopt;
    end = std::min(end, text_.size());
    const std::string_view line = std::string_view(text_).substr(first_, end - first_);
    first_ = std::min(end + 1, text_.size());
    return line;
  }

 private:
  bool read_more() {
    constexpr std::size_t kMost = 65'536;
    flush_answers();
    text_.erase(0, first_);
    first_ = 0;
    const std::size_t size = text_.size();
    text_.resize(size + kMost);
    ssize_t count = 0;
    do {
      count = ::read(STDIN_FILENO, text_.data() + size, kMost);
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw Error(fmt::format("cannot read standard input: {}", std::strerror(errno)));
    text_.resize(size + static_cast<std::size_t>(count));
    return count > 0;
  }

  std::string text_;
  std::size_t first_ = 0;  // where the next line begins
};

/// Returns the text that answers a line.
std::string answer(Policy& policy, std::string_view line, std::vector<float>& observation, bool with_value) {
  std::string text;
  line = trimmed(line);
  if (line.empty()) {
    policy.begin_episode();
  } else {
    parse_row(line, observation);
    append_action(policy.act(observation), text);
    if (with_value) fmt::format_to(std::back_inserter(text), ",{}", policy.values()[0]);
  }
  return text += '\n';
}

}  // namespace

void act(const ActRequest& request, const Catalogue& catalogue) {
  PolicyOptions options{.peer = request.peer, .networks = &catalogue.networks, .algorithms = &catalogue.algorithms};
  if (request.sample) options.sample = static_cast<std::uint64_t>(request.seed);
  Policy policy = Policy::load(request.run_or_checkpoint, options);
  std::vector<float> observation;
  LineReader lines;
  for (std::int64_t number = 1; const auto line = lines.next(); ++number) {
    std::string text;
    try {
      text = answer(policy, *line, observation, request.values);
    } catch (const Error& error) {
      flush_answers();
      throw Error(fmt::format("line {}: {}", number, error.what()));
    }
    require_written(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
  }
  flush_answers();
}

}  // namespace sounder
