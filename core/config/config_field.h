#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/train_config.h"

namespace sounder {

class AgentFactory;
struct EnvironmentSpec;

/// The parts of a training that decide which keys have an effect.
struct ConfigUse {
  const TrainConfig& config;
  const EnvironmentSpec& environment;
  const AgentFactory& agents;
};

/// Whether a key may change when a run is resumed. Keys that define the meaning of the run's parameters, statistics or
/// random numbers are kept: with another value, it would not be the same run.
enum class OnResume { changeable, kept };

/// Returns what a configuration has for a key of your own; null for the default.
const OwnValue* find_own(const TrainConfig& config, const std::string& key) noexcept;

/// Sets a value of your own; none for the default.
void set_own(TrainConfig& config, const std::string& key, std::optional<OwnValue> value);

/// Where a configuration has the value of a key: in a member, or, for a key of your own, among its `own` values.
template <class T>
class ConfigMember {
 public:
  ConfigMember(T TrainConfig::*member) noexcept : member_(member) {}
  /// Of a key of your own.
  ConfigMember(std::string key, T initial)
      : own_(std::make_shared<const Own>(Own{std::move(key), std::move(initial)})) {}

  /// Returns the value, as a reference into the configuration or into what copies of this object share.
  const T& of(const TrainConfig& config) const noexcept {
    if (own_ == nullptr) return config.*member_;
    const T* const value = std::get_if<T>(find_own(config, own_->key));
    return value != nullptr ? *value : own_->initial;
  }

  void set(TrainConfig& config, T value) const {
    if (own_ == nullptr) {
      config.*member_ = std::move(value);
    } else if (value == own_->initial) {  // so that equal configurations compare equal
      set_own(config, own_->key, std::nullopt);
    } else {
      set_own(config, own_->key, OwnValue(std::in_place_type<T>, std::move(value)));
    }
  }

  /// Returns whether a value of your own key is of its type.
  static bool has_type_of(const OwnValue& value) noexcept { return std::holds_alternative<T>(value); }

 private:
  struct Own {
    std::string key;
    T initial;
  };

  T TrainConfig::*member_ = nullptr;
  std::shared_ptr<const Own> own_ = nullptr;  // of a key of your own
};

/// One key of the configuration. `name` is its name in TOML files and in `--set`; the command line's option is the name
/// with dashes. The TOML reader and writer, the command line and errors are generated from the table of fields.
struct ConfigField {
  /// The range includes `min` and `max`.
  struct Integer {
    ConfigMember<std::int64_t> member;
    std::int64_t min;
    std::int64_t max;
  };
  struct Real {
    ConfigMember<double> member;
    double min;
    double max;
  };
  struct OptionalReal {
    ConfigMember<std::optional<double>> member;
    double min;
    double max;
  };
  /// One of the choices, or any text if there are none.
  struct Text {
    ConfigMember<std::string> member;
    std::vector<std::string> choices = {};
  };
  /// Any number of texts. If there are choices, each text begins with one of them.
  struct Texts {
    ConfigMember<std::vector<std::string>> member;
    std::vector<std::string> choices = {};  ///< shown in the help; a text may append a value to one
  };
  struct Flag {
    ConfigMember<bool> member;
  };
  /// At least one element, each within the range.
  struct Integers {
    ConfigMember<std::vector<std::int64_t>> member;
    std::int64_t min;
    std::int64_t max;
  };

  std::string name;
  std::string help;  ///< one line, with the unit
  std::variant<Integer, Real, OptionalReal, Text, Texts, Flag, Integers> type;
  OnResume on_resume = OnResume::changeable;
  /// Returns why the key has no effect, such as "network 'mlp' has no convolutions"; empty if it has one. Null if it
  /// always has one.
  std::string (*no_effect)(const ConfigUse&) = nullptr;
  std::string algorithm = {};  ///< your own algorithm whose key it is, without effect under others; empty otherwise
};

using ConfigFields = std::span<const ConfigField>;

}  // namespace sounder
