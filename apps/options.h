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
#include "core/config/config.h"

namespace CLI {  // keeps CLI11 out of this header
class App;
class Option;
}  // namespace CLI

namespace sounder {

/// The range of an option's values, both ends included.
template <class Number>
struct Limits {
  Number min;
  Number max;
};

/// The name of an option and its text in --help.
struct Label {
  std::string name;
  std::string help;
  std::string type = "";  ///< type of its value, in capitals: "FILE"
};

/// Add an option that takes a number; the last one given counts. `value` must outlive the parser. Parsing throws
/// UsageError for anything else and for numbers beyond the limits.
void add_number(CLI::App& app, const Label& label, std::int64_t& value, Limits<std::int64_t> limits);
void add_number(CLI::App& app, const Label& label, double& value, Limits<double> limits);

/// The same for options without a default: `value` stays empty unless the option is given, and --help shows no default.
void add_number(CLI::App& app, const Label& label, std::optional<std::int64_t>& value, Limits<std::int64_t> limits);
void add_number(CLI::App& app, const Label& label, std::optional<double>& value, Limits<double> limits);

using TakeText = std::function<void(const std::string&)>;

/// Adds an option or a positional argument that takes text; the last one given counts.
CLI::Option* add_text(CLI::App& app, const Label& label, const TakeText& take);

/// Adds an option that may be repeated. Calls `take` with each text, in order.
CLI::Option* add_texts(CLI::App& app, const Label& label, const TakeText& take);

void add_json(CLI::App& app, Output& output);

/// Returns the option of a key of the configuration, such as "--learning-rate" for "learning_rate".
std::string option_name(std::string_view key);

/// Options for all keys of the configuration except the environment, and --set. The parser must outlive this object.
class ConfigOptions {
 public:
  ConfigOptions(CLI::App& app, ConfigFields fields);

  /// Returns the given options in their order. Repeated values of an option that takes texts accumulate. Throws
  /// UsageError for a --set without a "=".
  std::vector<ConfigOverride> overrides() const;

 private:
  struct Key {
    std::string name;
    bool takes_texts;
  };

  const CLI::App& app_;
  std::map<const CLI::Option*, Key> keys_;
  const CLI::Option* set_;
};

}  // namespace sounder
