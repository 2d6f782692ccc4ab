#include "core/space_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "envs/error.h"

namespace sounder {
namespace {

namespace json = boost::json;

json::array bounds_json(const std::vector<float>& bounds) {
  json::array array;
  for (const float bound : bounds) array.push_back(std::isfinite(bound) ? json::value(bound) : json::value(nullptr));
  return array;
}

/// The object of a space, with its name for errors.
class SpaceReader {
 public:
  SpaceReader(const json::object& object, std::string_view where) : object_(object), where_(where) {}

  [[noreturn]] void fail(std::string_view expected) const {
    throw Error(fmt::format("{}: expected {}; got {}", where_, expected, shortened(object_)));
  }

  std::string_view type() const {
    const json::value* const type = object_.if_contains("type");
    if (type == nullptr || !type->is_string()) fail(R"(a "type": Discrete, Box, MultiDiscrete or MultiBinary)");
    return std::string_view(type->get_string());
  }

  /// Parses a count from 1 to `most`.
  std::int64_t count(std::string_view key, std::int64_t most) const {
    const json::value* const value = object_.if_contains(key);
    const std::int64_t* const number = value != nullptr ? value->if_int64() : nullptr;
    if (number == nullptr || *number < 1 || *number > most) fail(range(key, most));
    return *number;
  }

  std::vector<std::int64_t> counts(std::string_view key, std::int64_t most) const {
    std::vector<std::int64_t> numbers;
    for (const json::value& value : list(key)) {
      const std::int64_t* const number = value.if_int64();
      if (number == nullptr || *number < 1 || *number > most) fail(range(key, most));
      numbers.push_back(*number);
    }
    return numbers;
  }

  /// Parses bounds, which may be nested, row by row; null stands for `infinite`.
  std::vector<float> bounds(std::string_view key, float infinite) const {
    std::vector<float> numbers;
    append(list(key), key, infinite, numbers);
    return numbers;
  }

  /// Reads a box's shape: where it is not given, that of the lists of its lower bounds.
  std::vector<std::int64_t> shape() const {
    if (object_.contains("shape")) return counts("shape", kMostSpaceNumbers);
    std::vector<std::int64_t> sides;
    for (const json::array* nested = &list("low"); nested != nullptr && !nested->empty();
         nested = nested->front().if_array()) {
      sides.push_back(static_cast<std::int64_t>(nested->size()));
    }
    return sides;
  }

 private:
  void append(const json::array& values, std::string_view key, float infinite, std::vector<float>& numbers) const {
    for (const json::value& value : values) {
      if (const json::array* const nested = value.if_array()) {
        append(*nested, key, infinite, numbers);
      } else if (value.is_null() || value.is_number()) {
        numbers.push_back(value.is_null() ? infinite : static_cast<float>(value.to_number<double>()));
      } else {
        fail(fmt::format("numbers or null in \"{}\"", key));
      }
    }
  }

  static std::string range(std::string_view key, std::int64_t most) {
    return fmt::format("whole numbers from 1 to {} as \"{}\"", most, key);
  }

  const json::array& list(std::string_view key) const {
    const json::value* const value = object_.if_contains(key);
    const json::array* const array = value != nullptr ? value->if_array() : nullptr;
    if (array == nullptr || array->empty() || array->size() > static_cast<std::size_t>(kMostSpaceNumbers)) {
      fail(fmt::format("a list as \"{}\", of 1 to {} elements", key, kMostSpaceNumbers));
    }
    return *array;
  }

  static std::string shortened(const json::object& object) {
    constexpr std::size_t kMost = 120;
    std::string text = json::serialize(object);
    if (text.size() > kMost) text = text.substr(0, kMost) + "...";
    return text;
  }

  const json::object& object_;
  std::string_view where_;
};

Box parse_box(const SpaceReader& reader) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Box box{.low = reader.bounds("low", -kInfinity), .high = reader.bounds("high", kInfinity), .shape = reader.shape()};
  if (box.low.size() != box.high.size()) {
    reader.fail(fmt::format("as many bounds in \"high\" as in \"low\" ({} and {})", box.high.size(), box.low.size()));
  }
  std::int64_t elements = 1;
  for (const std::int64_t side : box.shape) {
    if (elements > kMostSpaceNumbers / side) reader.fail(fmt::format("at most {} elements", kMostSpaceNumbers));
    elements *= side;
  }
  if (elements != static_cast<std::int64_t>(box.low.size())) {
    reader.fail(
        fmt::format("a \"shape\" of as many elements as there are bounds ({} and {})", elements, box.low.size()));
  }
  for (std::size_t i = 0; i < box.low.size(); ++i) {
    if (!(box.low[i] <= box.high[i])) reader.fail(fmt::format("low <= high in every place; place {} has not", i));
  }
  return box;
}

}  // namespace

json::object space_json(const Space& space) {
  struct Visitor {
    json::object operator()(const Discrete& choice) const { return {{"type", "Discrete"}, {"n", choice.n}}; }
    json::object operator()(const Box& box) const {
      return {{"type", "Box"},
              {"low", bounds_json(box.low)},
              {"high", bounds_json(box.high)},
              {"shape", json::array(box.shape.begin(), box.shape.end())}};
    }
    json::object operator()(const MultiDiscrete& choices) const {
      return {{"type", "MultiDiscrete"}, {"nvec", json::array(choices.counts.begin(), choices.counts.end())}};
    }
    json::object operator()(const MultiBinary& switches) const { return {{"type", "MultiBinary"}, {"n", switches.n}}; }
  };
  return std::visit(Visitor{}, space);
}

Space parse_space(const json::value& json, std::string_view where) {
  // A float represents every integer up to here, so that an observation can hold any choice.
  constexpr std::int64_t kMostChoices = std::int64_t{1} << 24;
  const json::object* const object = json.if_object();
  if (object == nullptr) throw Error(fmt::format("{}: expected an object that describes a space", where));
  const SpaceReader reader(*object, where);
  const std::string_view type = reader.type();
  if (type == "Discrete") return Discrete{reader.count("n", kMostChoices)};
  if (type == "Box") return parse_box(reader);
  if (type == "MultiDiscrete") return MultiDiscrete{reader.counts("nvec", kMostChoices)};
  if (type == "MultiBinary") return MultiBinary{reader.count("n", kMostSpaceNumbers)};
  reader.fail(R"("type" to be Discrete, Box, MultiDiscrete or MultiBinary)");
}

std::string spaces_json(const Spaces& spaces) {
  return json::serialize(
      json::object{{"observation", space_json(spaces.observation)}, {"action", space_json(spaces.action)}});
}

Spaces parse_spaces(std::string_view text, std::string_view where) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  const json::object* const object = error ? nullptr : value.if_object();
  if (object == nullptr || !object->contains("observation") || !object->contains("action")) {
    throw Error(fmt::format("{}: expected a JSON object with \"observation\" and \"action\"", where));
  }
  return {.observation = parse_space(object->at("observation"), fmt::format("{}: observation", where)),
          .action = parse_space(object->at("action"), fmt::format("{}: action", where))};
}

}  // namespace sounder
