#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace sounder {

/// How monitor files are thinned, so that a run of any length has some ten thousand rows of each worker: the first
/// kWholeRows rows are all of its episodes, the next half as many every second one, the next as many every fourth, and
/// so on. A row stands for itself and the episodes that were left out before it.
constexpr std::int64_t kWholeRows = 10'000;

/// How many episodes a row stands for; rows are counted from 0.
constexpr std::int64_t episodes_of_row(std::int64_t row) noexcept {
  constexpr std::int64_t kMostDoublings = 40;
  if (row < kWholeRows) return 1;
  const std::int64_t doublings = 1 + (row - kWholeRows) / (kWholeRows / 2);
  return std::int64_t{1} << std::min(doublings, kMostDoublings);
}

/// The member of a monitor file's first line that says so. Files of earlier versions have none: they hold every
/// episode.
constexpr std::string_view kThinningMember =
    R"("thinning": "10000 rows of all episodes, then 5000 of every 2nd, 5000 of every 4th, and so on")";
static_assert(kWholeRows == 10'000, "as this says");

/// Tells whether a monitor file's first line says that it is thinned.
constexpr bool says_thinned(std::string_view first_line) noexcept {
  return first_line.find(kThinningMember) != std::string_view::npos;
}

}  // namespace sounder
