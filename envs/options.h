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

/// One thing that an environment E can be made with otherwise than by default: the length of its pole, say. E declares
/// what it takes as `static std::vector<EnvironmentOption<E>> options()`. Values are set on a default-constructed E,
/// before its first spec() and reset(); its default is the value that the member has then.
template <class E>
struct EnvironmentOption {
  std::string_view name;
  std::variant<double E::*, std::int64_t E::*, bool E::*, std::string E::*> member;
  std::string_view help;  ///< one line, with the unit
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();  ///< of a number: low <= value <= high
  std::vector<std::string_view> choices;             ///< of a text: any, where there are none
};

/// An environment that takes options.
template <class E>
concept Configurable = requires {
  { E::options() } -> std::convertible_to<std::vector<EnvironmentOption<E>>>;
};

/// What options are set to, by name: texts, as the command line gives them.
using OptionValues = std::map<std::string, std::string, std::less<>>;

/// An option as a user sees it.
struct OptionDescription {
  std::string name;
  std::string type;           ///< "number, 0.05 to 10", "one of 4x4, 8x8"
  std::string default_value;  ///< as text
  std::string help;
  friend bool operator==(const OptionDescription&, const OptionDescription&) = default;
};

/// An option of one instance: where its value is.
struct BoundOption {
  std::string_view name;
  std::variant<double*, std::int64_t*, bool*, std::string*> target;
  std::string_view help;
  double low;
  double high;
  std::vector<std::string_view> choices;
};

/// Finds an instance's options; none of an environment that declares none.
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
/// range; `environment` is the name to speak of.
void set_options(std::span<const BoundOption> options, const OptionValues& values, std::string_view environment);

/// Describes options, with the values that they have now as defaults.
std::vector<OptionDescription> describe_options(std::span<const BoundOption> options);

}  // namespace sounder
