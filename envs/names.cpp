#include "envs/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace sounder {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// Counts the edits between two words (Damerau-Levenshtein distance, optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_previous(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before_previous[j - 2] + 1);
    }
    std::swap(before_previous, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view typed, std::span<const std::string> known) {
  std::optional<std::string> nearest;
  std::size_t fewest_edits = 0;
  for (const std::string& name : known) {
    const std::size_t edits = edit_distance(typed, name);
    if (3 * edits > std::max(typed.size(), name.size())) continue;
    if (!nearest || edits < fewest_edits) {
      nearest = name;
      fewest_edits = edits;
    }
  }
  return nearest;
}

std::string unknown_name(std::string_view kind, std::string_view typed, std::span<const std::string> known) {
  if (const auto nearest = nearest_name(typed, known)) {
    return did_you_mean(kind, typed, std::span(&*nearest, 1));
  }
  if (known.empty()) return fmt::format("unknown {} '{}'; none is known", kind, typed);
  std::string all = known.front();
  for (const std::string& name : known.subspan(1)) all += ", " + name;
  return fmt::format("unknown {} '{}'; known are {}", kind, typed, all);
}

std::string did_you_mean(std::string_view kind, std::string_view typed, std::span<const std::string> meant) {
  return fmt::format("unknown {} '{}'; did you mean '{}'?", kind, typed, fmt::join(meant, "' or '"));
}

}  // namespace sounder
