// Rules about observations.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <variant>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

// Initial weights suit inputs of about 1. Inputs a hundred times larger saturate a tanh from the first step on, and
// gradients grow with their square. Inputs below a thousandth are too small for the network to notice a change.
constexpr float kLargest = 100.0F;
constexpr float kSmallest = 1e-3F;

std::string counted(const Recording& recording) {
  return fmt::format("{} observations of {} numbers", recording.history.size(), recording.extents.size());
}

/// Judges a fault of the recorded play.
Finding judge(Subject& subject, std::string Recording::*fault) {
  const Recording& recording = subject.recording();
  if (recording.history.empty()) return skipped("there was no observation: the first reset threw");
  return fails_with(recording.*fault, counted(recording));
}

Finding check_written(Subject& subject) {
  return judge(subject, &Recording::not_written);
}
Finding check_guards(Subject& subject) {
  return judge(subject, &Recording::written_outside);
}
Finding check_finite(Subject& subject) {
  return judge(subject, &Recording::not_finite);
}
Finding check_space(Subject& subject) {
  return judge(subject, &Recording::outside_of_space);
}

Finding check_bounds(Subject& subject) {
  const auto* box = std::get_if<Box>(&subject.spec().observation_space);
  if (box == nullptr) return skipped("observations are no Box");
  const auto open = [](float low, float high) { return std::isinf(low) || std::isinf(high); };
  std::size_t unbounded = 0;
  for (std::size_t i = 0; i < box->low.size(); ++i) unbounded += open(box->low[i], box->high[i]) ? 1 : 0;
  const std::string seen = fmt::format("{} of {} numbers have an infinite bound", unbounded, box->low.size());
  return unbounded == box->low.size() ? warning(seen) : passed(seen);
}

Finding check_scale(Subject& subject) {
  if (!std::holds_alternative<Box>(subject.spec().observation_space)) {
    return skipped("observations are no Box: they become one-hot");
  }
  const auto& extents = subject.recording().extents;
  float largest = 0.0F;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const float magnitude = extents[i].magnitude();
    largest = std::max(largest, magnitude);
    const bool changes = extents[i].low < extents[i].high;
    if (magnitude <= kLargest && (magnitude >= kSmallest || !changes)) continue;
    return warning(fmt::format("number {} went from {:.6g} to {:.6g}", i, extents[i].low, extents[i].high));
  }
  return passed(fmt::format("magnitudes up to {:.6g}", largest));
}

Finding check_change(Subject& subject) {
  const Recording& recording = subject.recording();
  const auto& episodes = recording.episodes;
  const bool single_steps =
      !episodes.empty() && std::ranges::all_of(
                               episodes, [](std::int64_t steps) { return steps == 1; }, &Episode::steps);
  if (recording.changes == 0 && !(single_steps && recording.resets_differ)) {
    return warning(fmt::format("none of {} steps changed the observation", recording.steps));
  }
  const auto constant =
      std::ranges::count_if(recording.extents, [](const Extent& extent) { return extent.low >= extent.high; });
  return passed(fmt::format("{} of {} steps changed it; {} of {} numbers were always the same", recording.changes,
                            recording.steps, constant, recording.extents.size()));
}

constexpr std::array kRules{
    Rule{.topic = "observations",
         .name = "observations are written whole",
         .needs = kSpecIsSensible,
         .expected = "reset() and step() write every number of the observation, each time",
         .why = "what is not written is what happened to stand there: the observation before, or anything",
         .check = check_written},
    Rule{.topic = "observations",
         .name = "nothing is written beside the observation",
         .needs = kSpecIsSensible,
         .expected = "writes within the span, which has as many numbers as the observation space says",
         .why = "it destroys another environment's observation, or the program's memory",
         .check = check_guards},
    Rule{.topic = "observations",
         .name = "observations are finite",
         .needs = kSpecIsSensible,
         .expected = "numbers that are neither nan nor infinite",
         .why = "one nan makes the gradient nan: updates are dropped, and the run ends",
         .check = check_finite},
    Rule{.topic = "observations",
         .name = "observations are in their space",
         .needs = kSpecIsSensible,
         .expected = "numbers within the observation space's bounds; whole ones where it is discrete",
         .why = "bounds are relied on: to scale, to clip, and to make one-hot numbers of choices",
         .check = check_space},
    Rule{.topic = "observations",
         .name = "observation bounds tell something",
         .needs = kSpecIsSensible,
         .expected = "a finite bound on both sides of at least one number",
         .why = "without any, neither this program nor a reader can tell a right observation from a wrong one",
         .check = check_bounds},
    Rule{.topic = "observations",
         .name = "observations are near 1",
         .needs = kPlays,
         .expected = "magnitudes from 0.001 to 100, by other units or normalize_observations=true",
         .why = "networks begin with weights for inputs near 1: larger ones drown the others, smaller ones are not "
                "seen",
         .check = check_scale},
    Rule{.topic = "observations",
         .name = "observations change",
         .needs = kPlays,
         .expected = "an observation that depends on what has happened",
         .why = "a policy that always sees the same always does the same",
         .check = check_change},
};

}  // namespace

std::span<const Rule> observation_rules() {
  return kRules;
}

}  // namespace sounder::conformance
