#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config_field.h"
#include "core/config/train_config.h"

namespace sounder {

/// The text of an optional number that is not set, in TOML and on the command line.
constexpr std::string_view kNone = "none";

/// Returns all keys, in the order of config.toml. It accepts any text for the names of algorithms, networks and their
/// parts, because agents provide those lists.
ConfigFields config_fields();

/// Returns all keys, with choices (by key) for some of those that accept any text in config_fields(), and after them
/// `own` keys.
std::vector<ConfigField> config_fields_with(const std::map<std::string, std::vector<std::string>, std::less<>>& choices,
                                            ConfigFields own = {});

/// Sets one key from a text as on the command line: "64,64" for a list, "1e6" or "1_000". Throws UsageError for an
/// unknown key or choice (naming the nearest known one), a value of the wrong type, or one out of range (naming the
/// range).
void set_config(TrainConfig& config, std::string_view key, std::string_view value,
                ConfigFields fields = config_fields());

/// Throws UsageError for the first key, in the order of `fields`, whose value set_config() would refuse: a number that
/// is out of range or NaN, a list without an element, an unknown choice. The error names the key, what is expected, and
/// what came: "workers: expected integer, 1 to 1024; got 0". Throws UsageError, too, for a value of your own whose key
/// is not among `fields`, or that is not of its type. For a configuration that was set in code.
void check_config(const TrainConfig& config, ConfigFields fields = config_fields());

/// What apply_toml() does with a key that is not among its fields.
enum class UnknownKeys { refused, skipped };

/// Overrides the keys that a TOML text contains, and returns their names. `source` names the text in errors, which also
/// give the line. Throws UsageError as set_config() does, and for text that is not TOML.
std::vector<std::string> apply_toml(TrainConfig& config, std::string_view toml, std::string_view source,
                                    ConfigFields fields = config_fields(), UnknownKeys unknown = UnknownKeys::refused);

/// Reads a configuration that to_toml() wrote, such as a checkpoint's. Throws UsageError as apply_toml() does. If its
/// algorithm is not among the choices in `fields`, or a key not among them, the error says that another program's
/// algorithm is needed.
TrainConfig read_saved_config(std::string_view toml, std::string_view source, ConfigFields fields = config_fields());

/// Writes every key, with its help as a comment, except for your own algorithms' keys while the algorithm is another,
/// which has no use for them: so a program without these algorithms reads the others' configurations. apply_toml()
/// reads it back to an equal configuration, over any other without such values.
std::string to_toml(const TrainConfig& config, ConfigFields fields = config_fields());

/// Returns whether to_toml() writes a key.
bool is_written(const TrainConfig& config, const ConfigField& field);

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

/// Returns the given keys that have no effect on a training, in the order of `fields`.
std::vector<UnusedKey> unused_keys(const ConfigUse& use, std::span<const std::string> given,
                                   ConfigFields fields = config_fields());

/// Describes an unused key: "gae_lambda has no effect: algorithm 'n_step_q' learns no policy".
std::string describe(const UnusedKey& unused);

}  // namespace sounder
