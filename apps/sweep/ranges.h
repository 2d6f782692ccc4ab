#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/config/config.h"

namespace sounder::sweeping {

/// The values of one key of the configuration in a sweep.
struct Range {
  /// Numbers drawn from low to high, both inclusive.
  struct Random {
    enum class Scale { linear, logarithmic };
    enum class Numbers { real, whole };
    Scale scale;
    Numbers numbers;
    double low;
    double high;
  };
  /// Each of the values, in the format of set_config().
  struct Grid {
    std::vector<std::string> values;
  };

  std::string key;
  std::variant<Random, Grid> values;

  bool random() const noexcept { return std::holds_alternative<Random>(values); }
};

/// Parses "key=log:LOW:HIGH", "key=uniform:LOW:HIGH" or "key=grid:A,B,..." ("A;B;..." for a key that takes a list, in
/// which commas separate elements). Throws UsageError for any other form, for duplicate values, and as set_config()
/// does for the key and each value.
Range parse_range(const std::string& text, ConfigFields fields = config_fields());

/// Identifies a random number of a sweep.
struct Draw {
  std::uint64_t seed;    ///< of the sweep
  std::uint64_t sample;  ///< number of the draw, from 0
};

/// Draws a key's value in the format of set_config(). Real numbers have four significant digits. The value depends on
/// the key, the range and the draw only, so that more samples or more ranges do not change it.
std::string draw_value(const std::string& key, const Range::Random& random, const Draw& draw);

}  // namespace sounder::sweeping
