#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/output.h"
#include "apps/train_arguments.h"

namespace CLI {  // so that this header needs no CLI11
class App;
class Option;
}  // namespace CLI

namespace sounder {

/// The values that an option takes, both ends included.
template <class Number>
struct Limits {
  Number min;
  Number max;
};

/// What an option is called, and what --help says of it.
struct Label {
  std::string name;
  std::string help;
  std::string type = "";  ///< of its value, in capitals: "FILE"
};

/// Adds an option that takes a number; the last one given counts, and `value` outlives the parser. Anything else, and
/// what is beyond the limits, is a UsageError as soon as it is parsed.
void add_number(CLI::App& app, const Label& label, std::int64_t& value, Limits<std::int64_t> limits);
void add_number(CLI::App& app, const Label& label, double& value, Limits<double> limits);

/// The same, where it matters whether the option was given: --help shows no default.
void add_number(CLI::App& app, const Label& label, std::optional<std::int64_t>& value, Limits<std::int64_t> limits);
void add_number(CLI::App& app, const Label& label, std::optional<double>& value, Limits<double> limits);

using TakeText = std::function<void(const std::string&)>;

/// Adds an option or a positional argument that takes text; the last one given counts.
CLI::Option* add_text(CLI::App& app, const Label& label, const TakeText& take);

/// Adds an option that may be repeated; `take` gets each text, in the order in which they were given.
CLI::Option* add_texts(CLI::App& app, const Label& label, const TakeText& take);

void add_json(CLI::App& app, Output& output);

/// Names the option of a key of the configuration: "--learning-rate" of "learning_rate".
std::string option_name(std::string_view key);

/// What a key takes whose choices the configuration does not know: names of algorithms, networks, ...
using Choices = std::map<std::string, std::vector<std::string>, std::less<>>;

/// An option for every key of the configuration, the environment excepted, and --set. The parser outlives it.
class ConfigOptions {
 public:
  /// Shows `choices` in --help.
  ConfigOptions(CLI::App& app, const Choices& choices);

  /// Reads what was given, in that order; of an option that takes texts, each adds to the ones before. Throws
  /// UsageError for a --set without a "=".
  std::vector<ConfigOverride> overrides() const;

 private:
  const CLI::App& app_;
  std::map<const CLI::Option*, std::string> keys_;
  const CLI::Option* set_;
};

}  // namespace sounder
