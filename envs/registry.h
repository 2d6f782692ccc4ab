#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envs/environment.h"
#include "envs/environment_mistakes.h"
#include "envs/options.h"
#include "envs/wrappers/time_limit.h"

namespace sounder {

/// What a registration adds to, or overrides of, an environment's own spec.
struct EnvironmentLimits {
  std::optional<std::int64_t> max_episode_steps = {};
  std::optional<double> reward_threshold = {};
};

/// What keeps a policy's actions within the bounds of a Box: cutting off what is beyond (ClipAction), or a smooth map
/// of all numbers on what is between (SquashAction). Other actions need neither.
enum class ActionBounds { clip, squash };

/// How a policy sees an environment: what stands between the two.
struct PolicyView {
  std::vector<std::string> wrappers = {};  ///< as wrap() takes them; the first one is put on first: innermost
  ActionBounds bounds = ActionBounds::clip;
};

/// Puts what a policy sees an environment through around it: innermost, of Discrete and MultiDiscrete observations,
/// their one-hot numbers (OneHotObservation; once, though the view may name it, too); then the view's wrappers;
/// outermost what keeps actions within the bounds of a Box. Throws UsageError as wrap() does, where squashing is
/// asked of infinite bounds, and as mask_size() does of an environment that masks actions; Error for a Box with a bound
/// that is NaN, or below its lower one.
Environment for_policy(Environment environment, const PolicyView& view);

/// Knows environments by name: a value, to be copied and added to. Reading it from several threads is safe while nobody
/// adds.
class Registry {
 public:
  using Factory = std::function<Environment()>;

  /// Makes a registry of the environments that come with Sounder (envs/builtins.cpp lists them).
  static Registry with_builtins();

  /// Adds an environment type; for each user an instance is default-constructed and the options that the type declares
  /// are set. Throws UsageError if the name is taken or empty. Of a type that is no environment, the compiler says what
  /// it lacks.
  template <class E>
  void add(std::string id, EnvironmentLimits limits = {}) {
    if constexpr (explain_environment<E>()) {
      const auto make = [limits, id](const OptionValues& options) {
        E environment{};
        set_options(bind_options(environment), options, id);
        return Environment(TimeLimit<E>(std::move(environment), limits.max_episode_steps, limits.reward_threshold));
      };
      E environment{};
      add(id, Entry{.make = make, .options = describe_options(bind_options(environment))});
    }
  }

  /// Adds an environment that a function makes, as it is.
  void add(std::string id, Factory factory);

  /// Makes a new instance, with options other than the defaults where values are given. Throws UsageError for an
  /// unknown name, with the nearest known one, and as set_options does.
  Environment make(std::string_view id, const OptionValues& options = {}) const;

  /// Describes the options that an environment takes. Throws UsageError for an unknown name.
  const std::vector<OptionDescription>& options(std::string_view id) const;

  /// Makes a new instance with default options for a policy to act in; throws as make() and for_policy() do.
  Environment make_for_policy(std::string_view id, const PolicyView& view = {}) const;

  bool contains(std::string_view id) const;

  /// Lists the names, sorted.
  std::vector<std::string> ids() const;

 private:
  struct Entry {
    std::function<Environment(const OptionValues&)> make;
    std::vector<OptionDescription> options = {};
  };
  void add(std::string id, Entry entry);
  const Entry& find(std::string_view id) const;

  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sounder
