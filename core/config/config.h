#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config/train_config.h"

namespace sounder {

class AgentFactory;
struct EnvironmentSpec;

/// The text of an optional number that is not set, in TOML and on the command line.
constexpr std::string_view kNone = "none";

/// The parts of a training that decide which keys have an effect.
struct ConfigUse {
  const TrainConfig& config;
  const EnvironmentSpec& environment;
  const AgentFactory& agents;
};

/// Whether a key may change when a run is resumed. Keys that define the meaning of the run's parameters, statistics or
/// random numbers are kept: with another value, it would not be the same run.
enum class OnResume { changeable, kept };

/// One key of the configuration. `name` is its name in TOML files and in `--set`; the command line's option is the name
/// with dashes. The TOML reader and writer, the command line and errors are generated from the table of fields.
struct ConfigField {
  /// The range includes `min` and `max`.
  struct Integer {
    std::int64_t TrainConfig::*member;
    std::int64_t min;
    std::int64_t max;
  };
  struct Real {
    double TrainConfig::*member;
    double min;
    double max;
  };
  struct OptionalReal {
    std::optional<double> TrainConfig::*member;
    double min;
    double max;
  };
  /// One of the choices, or any text if there are none.
  struct Text {
    std::string TrainConfig::*member;
    std::vector<std::string> choices = {};
  };
  /// Any number of texts. If there are choices, each text begins with one of them.
  struct Texts {
    std::vector<std::string> TrainConfig::*member;
    std::vector<std::string> choices = {};  ///< shown in the help; a text may append a value to one
  };
  struct Flag {
    bool TrainConfig::*member;
  };
  /// At least one element, each within the range.
  struct Integers {
    std::vector<std::int64_t> TrainConfig::*member;
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
};

using ConfigFields = std::span<const ConfigField>;

/// Returns all keys, in the order of config.toml. It accepts any text for the names of algorithms, networks and their
/// parts, because agents provide those lists.
ConfigFields config_fields();

/// Returns all keys, with choices (by key) for some of those that accept any text in config_fields().
std::vector<ConfigField> config_fields_with(
    const std::map<std::string, std::vector<std::string>, std::less<>>& choices);

/// Sets one key from a text as on the command line: "64,64" for a list, "1e6" or "1_000". Throws UsageError for an
/// unknown key or choice (naming the nearest known one), a value of the wrong type, or one out of range (naming the
/// range).
void set_config(TrainConfig& config, std::string_view key, std::string_view value,
                ConfigFields fields = config_fields());

/// Throws UsageError for the first key, in the order of `fields`, whose value set_config() would refuse: a number that
/// is out of range or NaN, a list without an element, an unknown choice. The error names the key, what is expected, and
/// what came: "workers: expected integer, 1 to 1024; got 0". For a configuration that was set in code.
void check_config(const TrainConfig& config, ConfigFields fields = config_fields());

/// Overrides the keys that a TOML text contains, and returns their names. `source` names the text in errors, which also
/// give the line. Throws UsageError as set_config() does, and for text that is not TOML.
std::vector<std::string> apply_toml(TrainConfig& config, std::string_view toml, std::string_view source,
                                    ConfigFields fields = config_fields());

/// Writes every key, with its help as a comment: apply_toml reads it back to an equal configuration, over any other.
std::string to_toml(const TrainConfig& config, ConfigFields fields = config_fields());

/// Formats a field's value as to_toml does: "0.0007", "[64, 64]", "\"tanh\"".
std::string value_text(const TrainConfig& config, const ConfigField& field);

/// Describes a field's type and range: "integer, 1 to 1024", "one of relaxed, atomic_add, locked".
std::string describe_type(const ConfigField& field);

/// A key that has no effect, and why.
struct UnusedKey {
  std::string key;
  std::string reason;
  friend bool operator==(const UnusedKey&, const UnusedKey&) = default;
};

/// Returns the given keys that have no effect on a training, in the order of config_fields().
std::vector<UnusedKey> unused_keys(const ConfigUse& use, std::span<const std::string> given);

/// Describes an unused key: "gae_lambda has no effect: algorithm 'n_step_q' learns no policy".
std::string describe(const UnusedKey& unused);

}  // namespace sounder
