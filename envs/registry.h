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

/// Limits that a registration adds to an environment's own spec, or overrides there.
struct EnvironmentLimits {
  std::optional<std::int64_t> max_episode_steps = {};
  std::optional<double> reward_threshold = {};
};

/// How a policy's actions are kept within the bounds of a Box: clipped (ClipAction), or mapped smoothly from all real
/// numbers to the range (SquashAction). Other spaces need neither.
enum class ActionBounds { clip, squash };

/// How a policy sees an environment: the wrappers between the two.
struct PolicyView {
  std::vector<std::string> wrappers = {};  ///< in the syntax of wrap(), innermost first
  ActionBounds bounds = ActionBounds::clip;
};

/// Wraps an environment for a policy. From the inside out: OneHotObservation for Discrete and MultiDiscrete
/// observations (once, even if the view names it too), the view's wrappers, and the wrapper that keeps actions within
/// the bounds of a Box. Throws UsageError as wrap() does, for squashing with infinite bounds, and, if the environment
/// masks actions, as mask_size() does. Throws Error for a Box with a NaN bound or an upper bound below its lower one.
Environment for_policy(Environment environment, const PolicyView& view);

/// Maps names to environments. A copyable value. Several threads may read it concurrently as long as no thread adds to
/// it.
class Registry {
 public:
  using Factory = std::function<Environment()>;

  /// Returns a registry of the environments that come with Sounder (listed in envs/builtins.cpp).
  static Registry with_builtins();

  /// Adds an environment type. make() default-constructs an instance and sets the options that the type declares.
  /// Throws UsageError if the name is taken or empty. If the type is not an environment, a static assertion says what
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

  /// Adds an environment that is made by a function, without options or limits.
  void add(std::string id, Factory factory);

  /// Makes a new instance with the given option values and the defaults for all others. Throws UsageError for an
  /// unknown name, naming the nearest known one, and as set_options() does.
  Environment make(std::string_view id, const OptionValues& options = {}) const;

  /// Returns the options that an environment takes. Throws UsageError for an unknown name.
  const std::vector<OptionDescription>& options(std::string_view id) const;

  /// Makes a new instance with default options for a policy to act in; throws as make() and for_policy() do.
  Environment make_for_policy(std::string_view id, const PolicyView& view = {}) const;

  bool contains(std::string_view id) const;

  /// Returns the names, sorted.
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
