#include "apps/sweep/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "envs/error.h"
#include "envs/parse_number.h"
#include "envs/random.h"

namespace sounder::sweeping {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    at = end;
    if (at != std::string_view::npos) text.remove_prefix(at + 1);
  }
  return parts;
}

const ConfigField& field_of(std::string_view key, ConfigFields fields) {
  if (key == "environment") throw UsageError("--range: environment: a sweep has one, which is given as ENV");
  if (key == "seed") throw UsageError("--range: seed: every setting gets the same seeds, as many as --seeds says");
  for (const ConfigField& field : fields) {
    if (field.name == key) return field;
  }
  TrainConfig config;
  set_config(config, key, "", fields);  // throws and names the nearest key
  throw UsageError(std::string(key));
}

Range::Grid parse_grid(const ConfigField& field, const std::string& text) {
  const bool of_lists = std::holds_alternative<ConfigField::Integers>(field.type);
  Range::Grid grid{.values = split(text, of_lists ? ';' : ',')};
  std::vector<std::string> seen;
  for (const std::string& value : grid.values) {
    TrainConfig config;
    set_config(config, field.name, value, {&field, 1});
    const std::string same = value_text(config, field);  // "1" and "1.0" are the same number
    if (std::ranges::find(seen, same) != seen.end()) {
      throw UsageError(fmt::format("--range: {}: expected each value once; got '{}' twice", field.name, value));
    }
    seen.push_back(same);
  }
  return grid;
}

double parse_bound(const ConfigField& field, const std::string& text) {
  TrainConfig config;
  set_config(config, field.name, text, {&field, 1});
  const auto number = parse_real(text);
  if (!number) throw UsageError(fmt::format("--range: {}: expected a number; got '{}'", field.name, text));
  return *number;
}

Range::Random parse_random(const ConfigField& field, Range::Random::Scale scale, const std::string& text) {
  const bool whole = std::holds_alternative<ConfigField::Integer>(field.type);
  const bool real = std::holds_alternative<ConfigField::Real>(field.type) ||
                    std::holds_alternative<ConfigField::OptionalReal>(field.type);
  if (!whole && !real) {
    throw UsageError(fmt::format("--range: {0}: log and uniform draw numbers; expected {0}=grid:A,B,... ({1})",
                                 field.name, describe_type(field)));
  }
  const std::vector<std::string> bounds = split(text, ':');
  if (bounds.size() != 2) throw UsageError(fmt::format("--range: {}: expected LOW:HIGH; got '{}'", field.name, text));
  const Range::Random random{.scale = scale,
                             .numbers = whole ? Range::Random::Numbers::whole : Range::Random::Numbers::real,
                             .low = parse_bound(field, bounds[0]),
                             .high = parse_bound(field, bounds[1])};
  if (!(random.low < random.high)) {
    throw UsageError(fmt::format("--range: {}: expected LOW below HIGH; got '{}'", field.name, text));
  }
  if (scale == Range::Random::Scale::logarithmic && random.low <= 0) {
    throw UsageError(fmt::format("--range: {}: expected LOW above 0 on a log scale; got '{}'", field.name, text));
  }
  return random;
}

/// Draws between two numbers, on the range's scale.
double draw_between(Range::Random::Scale scale, double low, double high, Rng& rng) {
  if (scale == Range::Random::Scale::linear) return rng.uniform(low, high);
  return std::exp(rng.uniform(std::log(low), std::log(high)));
}

}  // namespace

Range parse_range(const std::string& text, ConfigFields fields) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':', equals == std::string::npos ? 0 : equals);
  const auto kind = equals < colon ? std::string_view(text).substr(equals + 1, colon - equals - 1) : std::string_view();
  if (colon == std::string::npos || (kind != "log" && kind != "uniform" && kind != "grid")) {
    throw UsageError(
        fmt::format("--range: expected key=log:LOW:HIGH, key=uniform:LOW:HIGH or key=grid:A,B,...; got '{}'", text));
  }
  const ConfigField& field = field_of(text.substr(0, equals), fields);
  const std::string rest = text.substr(colon + 1);
  if (kind == "grid") return {.key = field.name, .values = parse_grid(field, rest)};
  const auto scale = kind == "log" ? Range::Random::Scale::logarithmic : Range::Random::Scale::linear;
  return {.key = field.name, .values = parse_random(field, scale, rest)};
}

std::string draw_value(const std::string& key, const Range::Random& random, const Draw& draw) {
  std::uint64_t state = draw.seed;
  for (const char letter : key) state = split_mix(state) ^ static_cast<unsigned char>(letter);
  state = split_mix(state) ^ draw.sample;
  Rng rng(split_mix(state));
  if (random.numbers == Range::Random::Numbers::whole) {
    // Extends the range by half a number on each side, so that the end numbers are as likely as the others.
    const double number = std::round(draw_between(random.scale, random.low - 0.5, random.high + 0.5, rng));
    return fmt::format("{}", static_cast<std::int64_t>(std::clamp(number, random.low, random.high)));
  }
  const std::string text = fmt::format("{:.4g}", draw_between(random.scale, random.low, random.high, rng));
  const double number = parse_real(text).value();
  // Rounding may leave the range.
  return number < random.low || number > random.high ? fmt::format("{}", std::clamp(number, random.low, random.high))
                                                     : text;
}

}  // namespace sounder::sweeping
