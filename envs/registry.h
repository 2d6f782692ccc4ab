#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envs/environment.h"
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

/// Knows environments by name: a value, to be copied and added to. Reading it from several threads is safe while nobody
/// adds.
class Registry {
 public:
  using Factory = std::function<Environment()>;

  /// Makes a registry of the environments that come with Sounder (envs/builtins.cpp lists them).
  static Registry with_builtins();

  /// Adds an environment type; a default-constructed instance is made for each user. Throws UsageError if the name is
  /// taken or empty.
  template <EnvironmentModel E>
  requires std::default_initializable<E>
  void add(std::string id, EnvironmentLimits limits = {}) {
    add(std::move(id),
        [limits] { return Environment(TimeLimit<E>(E{}, limits.max_episode_steps, limits.reward_threshold)); });
  }

  /// Adds an environment that a function makes, as it is.
  void add(std::string id, Factory factory);

  /// Makes a new instance. Throws UsageError for an unknown name, with the nearest known one.
  Environment make(std::string_view id) const;

  /// Makes a new instance for a policy to act in: within the view's wrappers, and outermost what keeps actions within
  /// the bounds of a Box. Throws UsageError as make() and wrap() do, and where squashing is asked of infinite bounds.
  Environment make_for_policy(std::string_view id, const PolicyView& view = {}) const;

  bool contains(std::string_view id) const;

  /// Lists the names, sorted.
  std::vector<std::string> ids() const;

 private:
  std::map<std::string, Factory, std::less<>> factories_;
};

}  // namespace sounder
