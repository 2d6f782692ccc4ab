#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sounder {

/// One configurable property of an environment E, such as the length of its pole. E declares its options as `static
/// std::vector<EnvironmentOption<E>> options()`. Values are set on a default-constructed E, before its first spec() and
/// reset(); the default is the member's value in that object.
template <class E>
struct EnvironmentOption {
  std::string_view name;
  std::variant<double E::*, std::int64_t E::*, bool E::*, std::string E::*> member;
  std::string_view help;  ///< one line, with the unit
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();  ///< for numbers: low <= value <= high
  std::vector<std::string_view> choices;             ///< for texts; empty allows any text
};

/// An environment that takes options.
template <class E>
concept Configurable = requires {
  { E::options() } -> std::convertible_to<std::vector<EnvironmentOption<E>>>;
};

/// Option values by name, as text from the command line.
using OptionValues = std::map<std::string, std::string, std::less<>>;

/// An option as a user sees it.
struct OptionDescription {
  std::string name;
  std::string type;           ///< "number, 0.05 to 10", "one of 4x4, 8x8"
  std::string default_value;  ///< as text
  std::string help;
  friend bool operator==(const OptionDescription&, const OptionDescription&) = default;
};

/// An option of one instance, with a pointer to its value.
struct BoundOption {
  std::string_view name;
  std::variant<double*, std::int64_t*, bool*, std::string*> target;
  std::string_view help;
  double low;
  double high;
  std::vector<std::string_view> choices;
};

/// Returns an instance's options; empty if its type declares none.
template <class E>
std::vector<BoundOption> bind_options(E& environment) {
  std::vector<BoundOption> bound;
  if constexpr (Configurable<E>) {
    for (const EnvironmentOption<E>& option : E::options()) {
      bound.push_back(
          {.name = option.name,
           .target = std::visit([&](auto member) { return decltype(BoundOption::target)(&(environment.*member)); },
                                option.member),
           .help = option.help,
           .low = option.low,
           .high = option.high,
           .choices = option.choices});
    }
  }
  return bound;
}

/// Sets values. Throws UsageError for a name that is not among the options, and for a value of the wrong type or out of
/// range; `environment` is the name used in the message.
void set_options(std::span<const BoundOption> options, const OptionValues& values, std::string_view environment);

/// Describes options, with their current values as defaults.
std::vector<OptionDescription> describe_options(std::span<const BoundOption> options);

}  // namespace sounder
