#include "envs/wrappers/frame_stack.h"

#include <fmt/format.h>

#include "envs/error.h"

namespace sounder {
namespace {

std::vector<float> repeated(const std::vector<float>& numbers, std::int64_t times) {
  std::vector<float> all;
  all.reserve(numbers.size() * static_cast<std::size_t>(times));
  for (std::int64_t i = 0; i < times; ++i) all.insert(all.end(), numbers.begin(), numbers.end());
  return all;
}

}  // namespace

Box stacked(const Box& box, std::int64_t frames) {
  std::vector<std::int64_t> shape = box.shape.empty() ? std::vector<std::int64_t>{1} : box.shape;
  shape.front() *= frames;
  return {.low = repeated(box.low, frames), .high = repeated(box.high, frames), .shape = std::move(shape)};
}

StackedState split_stacked(std::span<const double> state, std::size_t frame_numbers) {
  if (state.size() <= frame_numbers) {
    throw Error(
        fmt::format("the state has {} numbers, expected the environment's own and {} of stacked observations; "
                    "was it recorded without them?",
                    state.size(), frame_numbers));
  }
  const std::size_t own = state.size() - frame_numbers;
  return {.environment = state.first(own), .frames = state.subspan(own)};
}

}  // namespace sounder
