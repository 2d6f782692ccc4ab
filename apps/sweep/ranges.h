#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sounder::sweeping {

/// The values that a sweep gives to one key of the configuration.
struct Range {
  /// Numbers drawn from low to high, both of which may be drawn.
  struct Random {
    enum class Scale { linear, logarithmic };
    enum class Numbers { real, whole };
    Scale scale;
    Numbers numbers;
    double low;
    double high;
  };
  /// Each of these, as set_config takes it.
  struct Grid {
    std::vector<std::string> values;
  };

  std::string key;
  std::variant<Random, Grid> values;

  bool random() const noexcept { return std::holds_alternative<Random>(values); }
};

/// Reads "key=log:LOW:HIGH", "key=uniform:LOW:HIGH" or "key=grid:A,B,..." ("A;B;..." for a key that takes a list, whose
/// elements have the commas). Throws UsageError for any other form, a value twice, and as set_config does for the key
/// and every value.
Range parse_range(const std::string& text);

/// Which of the random numbers of a sweep.
struct Draw {
  std::uint64_t seed;    ///< of the sweep
  std::uint64_t sample;  ///< number of the draw, from 0
};

/// Draws a key's value, as set_config takes it: a real number has four significant digits. What is drawn depends on the
/// range and the draw alone: more samples or more ranges leave it as it is.
std::string draw_value(const std::string& key, const Range::Random& random, const Draw& draw);

}  // namespace sounder::sweeping
