#include "envs/spaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace sounder {
namespace {

std::size_t element_count(std::span<const std::int64_t> shape) {
  return static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<std::int64_t>{}));
}

/// Returns whether a number is one of 0, ..., count - 1.
bool is_choice(float number, std::int64_t count, float tolerance) {
  const float nearest = std::round(number);
  return std::abs(number - nearest) <= tolerance && nearest >= 0.0F &&
         static_cast<double>(nearest) < static_cast<double>(count);
}

bool is_within(float number, float low, float high, float tolerance) {
  // Keeps an infinite bound infinite: inf - tolerance * inf would be NaN.
  const auto slack = [tolerance](float bound) {
    return std::isinf(bound) ? 0.0F : tolerance * std::max(1.0F, std::abs(bound));
  };
  return std::isfinite(number) && number >= low - slack(low) && number <= high + slack(high);
}

/// Formats numbers in square brackets. Does not use fmt::join, which causes a false warning in gcc 12 at -O3.
template <class Number>
std::string listed(const std::vector<Number>& numbers) {
  std::string text = "[";
  for (const Number number : numbers) {
    if (text.size() > 1) text += ", ";
    text += fmt::format("{}", number);
  }
  return text + "]";
}

}  // namespace

Box Box::bounds(std::vector<float> low, std::vector<float> high) {
  assert(low.size() == high.size());
  const auto size = static_cast<std::int64_t>(low.size());
  return {.low = std::move(low), .high = std::move(high), .shape = {size}};
}

Box Box::uniform(float low, float high, std::vector<std::int64_t> shape) {
  const std::size_t size = element_count(shape);
  return {.low = std::vector<float>(size, low), .high = std::vector<float>(size, high), .shape = std::move(shape)};
}

std::size_t flat_size(const Space& space) noexcept {
  struct Visitor {
    std::size_t operator()(const Discrete&) const { return 1; }
    std::size_t operator()(const Box& box) const { return box.low.size(); }
    std::size_t operator()(const MultiDiscrete& choices) const { return choices.counts.size(); }
    std::size_t operator()(const MultiBinary& switches) const { return static_cast<std::size_t>(switches.n); }
  };
  return std::visit(Visitor{}, space);
}

bool equal_but_for_bounds(const Space& a, const Space& b) noexcept {
  const auto* const first = std::get_if<Box>(&a);
  const auto* const second = std::get_if<Box>(&b);
  return first != nullptr && second != nullptr ? first->shape == second->shape : a == b;
}

bool contains(const Space& space, std::span<const float> element, float tolerance) noexcept {
  if (element.size() != flat_size(space)) return false;
  struct Visitor {
    std::span<const float> element;
    float tolerance;

    bool operator()(const Discrete& choice) const { return is_choice(element[0], choice.n, tolerance); }
    bool operator()(const Box& box) const {
      for (std::size_t i = 0; i < element.size(); ++i) {
        if (!is_within(element[i], box.low[i], box.high[i], tolerance)) return false;
      }
      return true;
    }
    bool operator()(const MultiDiscrete& choices) const {
      for (std::size_t i = 0; i < element.size(); ++i) {
        if (!is_choice(element[i], choices.counts[i], tolerance)) return false;
      }
      return true;
    }
    bool operator()(const MultiBinary&) const {
      return std::all_of(element.begin(), element.end(),
                         [this](float number) { return is_choice(number, 2, tolerance); });
    }
  };
  return std::visit(Visitor{element, tolerance}, space);
}

std::string describe(const Space& space) {
  struct Visitor {
    std::string operator()(const Discrete& choice) const { return fmt::format("Discrete({})", choice.n); }
    std::string operator()(const Box& box) const {
      const auto same = [](const std::vector<float>& bounds) {
        return std::adjacent_find(bounds.begin(), bounds.end(), std::not_equal_to<>{}) == bounds.end();
      };
      // Shortens equal bounds: those of an image would fill pages.
      if (box.low.size() > 1 && same(box.low) && same(box.high)) {
        return fmt::format("Box({}, {}, {})", box.low[0], box.high[0], listed(box.shape));
      }
      if (box.shape.size() == 1) return fmt::format("Box({}, {})", listed(box.low), listed(box.high));
      return fmt::format("Box({}, {}, {})", listed(box.low), listed(box.high), listed(box.shape));
    }
    std::string operator()(const MultiDiscrete& choices) const {
      return fmt::format("MultiDiscrete({})", listed(choices.counts));
    }
    std::string operator()(const MultiBinary& switches) const { return fmt::format("MultiBinary({})", switches.n); }
  };
  return std::visit(Visitor{}, space);
}

}  // namespace sounder
