#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config/config_field.h"

namespace sounder {

/// Describes a key of your own whose values are integers or real numbers, or lists or optional ones of them. The range
/// includes `min` and `max`.
template <class T>
struct OwnKeyOf {
  using Number =
      std::conditional_t<std::is_same_v<T, double> || std::is_same_v<T, std::optional<double>>, double, std::int64_t>;

  std::string name;  ///< of a-z, 0-9 and _, beginning with a letter
  std::string help;  ///< one line, with the unit
  T value;           ///< the default
  Number min;
  Number max;
  OnResume on_resume = OnResume::changeable;
};

/// Describes a key of your own whose values are texts. If there are choices, a text is one of them. Those of a list are
/// shown in the help; its elements are the algorithm's to check, as they may append a value.
template <class T>
requires(std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<std::string>>) struct OwnKeyOf<T> {
  std::string name;
  std::string help;
  T value;
  std::vector<std::string> choices = {};
  OnResume on_resume = OnResume::changeable;
};

/// Describes a key of your own that is true or false.
template <>
struct OwnKeyOf<bool> {
  std::string name;
  std::string help;
  bool value = false;
  OnResume on_resume = OnResume::changeable;
};

/// A key of an algorithm of your own: of type std::int64_t, double, std::optional<double>, std::string, bool,
/// std::vector<std::int64_t> or std::vector<std::string>. Given to Algorithms::add(), it is a key like Sounder's own:
/// an option, in TOML files, saved in checkpoints. Immutable; any thread may read with it.
///
///     const sounder::OwnKey<double> kClipRange({.name = "clip_range", .help = "...", .value = 0.2, .min = 0, .max =
///     1});
template <class T>
class OwnKey {
 public:
  explicit OwnKey(OwnKeyOf<T> key)
      : member_(key.name, std::move(key.value)),
        field_{.name = key.name, .help = key.help, .type = type_of(member_, key), .on_resume = key.on_resume} {}

  /// Returns the value in a configuration.
  T of(const TrainConfig& config) const { return member_.of(config); }

  /// Sets the value. Whether it is in range is checked by what takes the configuration, such as Training.
  void set(TrainConfig& config, T value) const { member_.set(config, std::move(value)); }

  const std::string& name() const noexcept { return field_.name; }

  /// For the list of an algorithm's keys.
  operator const ConfigField&() const noexcept { return field_; }

 private:
  static auto type_of(const ConfigMember<T>& member, const OwnKeyOf<T>& key) {
    if constexpr (std::is_same_v<T, bool>) {
      return ConfigField::Flag{member};
    } else if constexpr (std::is_same_v<T, std::string>) {
      return ConfigField::Text{member, key.choices};
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return ConfigField::Texts{member, key.choices};
    } else if constexpr (std::is_same_v<T, std::optional<double>>) {
      return ConfigField::OptionalReal{member, key.min, key.max};
    } else if constexpr (std::is_same_v<T, double>) {
      return ConfigField::Real{member, key.min, key.max};
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return ConfigField::Integer{member, key.min, key.max};
    } else {
      return ConfigField::Integers{member, key.min, key.max};
    }
  }

  ConfigMember<T> member_;
  ConfigField field_;
};

}  // namespace sounder
