#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace sounder {

/// The number of unthinned rows in a monitor file. The first kWholeRows rows are the worker's first episodes; the next
/// half as many are every second episode, the next every fourth, and so on. So a run of any length has some ten
/// thousand rows per worker. A row represents itself and the omitted episodes before it.
constexpr std::int64_t kWholeRows = 10'000;

/// Returns the number of episodes that a row represents; rows count from 0.
constexpr std::int64_t episodes_of_row(std::int64_t row) noexcept {
  constexpr std::int64_t kMostDoublings = 40;
  if (row < kWholeRows) return 1;
  const std::int64_t doublings = 1 + (row - kWholeRows) / (kWholeRows / 2);
  return std::int64_t{1} << std::min(doublings, kMostDoublings);
}

/// The member of the first line of a thinned monitor file. Files of earlier versions lack it and contain every episode.
constexpr std::string_view kThinningMember =
    R"("thinning": "10000 rows of all episodes, then 5000 of every 2nd, 5000 of every 4th, and so on")";
static_assert(kWholeRows == 10'000, "as this says");

/// Returns whether a monitor file is thinned, according to its first line.
constexpr bool says_thinned(std::string_view first_line) noexcept {
  return first_line.find(kThinningMember) != std::string_view::npos;
}

}  // namespace sounder
