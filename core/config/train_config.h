#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sounder {

/// A value of a key of your own, of one of the types that keys have.
using OwnValue = std::variant<std::int64_t, double, std::optional<double>, std::string, std::vector<std::string>, bool,
                              std::vector<std::int64_t>>;

/// Everything that determines a training run. The defaults suit small control tasks; presets tune them.
struct TrainConfig {
  std::string environment;
  std::vector<std::string> env_option;  ///< "length=0.7", or "length=0.5,0.7" with one value per worker, in turn
  std::string env_command;              ///< starts a process with the environments; empty for Sounder's own
  std::string env_connect;              ///< "unix:/path" on which such a process listens
  double env_timeout = 30;              ///< seconds
  std::int64_t env_restarts = 5;
  bool env_pin = true;
  std::vector<std::string> wrappers;
  std::string algorithm = "a3c";
  std::int64_t workers = default_workers();
  std::int64_t threads = 0;  ///< threads that run the workers; 0: one per worker
  std::int64_t envs_per_worker = 1;
  std::int64_t steps = 500'000;
  std::int64_t seed = 1;

  std::string backend = "auto";
  std::string network = "mlp";
  std::vector<std::int64_t> hidden{64, 64};
  std::string activation = "tanh";
  std::string trunks = "shared";
  std::string memory = "none";
  std::int64_t memory_units = 64;
  std::vector<std::int64_t> channels{16};
  std::int64_t kernel = 3;
  std::int64_t stride = 1;

  std::string policy_std = "parameter";
  double initial_log_std = 0;
  bool squash_actions = false;

  std::int64_t rollout = 20;
  double discount = 0.99;
  double gae_lambda = 1;
  double entropy_coefficient = 0.01;
  double value_coefficient = 0.5;
  double max_gradient_norm = 40;
  double reward_scale = 1;
  std::optional<double> reward_clip;
  bool normalize_observations = false;
  bool normalize_rewards = false;

  std::int64_t target_interval = 10'000;
  std::int64_t exploration_steps = 50'000;
  std::optional<double> final_epsilon;

  std::string sharing = "hogwild";
  std::int64_t shards = 1;
  std::int64_t fetch_every = 1;  ///< rollouts
  std::int64_t push_every = 1;   ///< rollouts
  std::int64_t warm_start = 0;   ///< environment steps
  std::int64_t peers = 0;        ///< 0: one for each worker
  std::string graph = "ring";
  double link_probability = 1;
  std::int64_t max_lag = 1'000;  ///< updates
  std::string tracking = "none";
  std::string mixing = "average";
  double step_decay = 0;  ///< mu
  double proximal = 0;    ///< tau; 0: as many as there are peers
  std::string regularization = "none";
  double regularization_weight = 1e-4;
  std::string blocks = "none";
  std::string block_choice = "all";
  std::int64_t blocks_per_update = 0;  ///< 0: as the choice and the rates have it
  std::string block_rates;             ///< "head.*=1;body.*=0.25"; empty: all 1
  bool block_rescale = false;

  std::int64_t gradients_per_update = 1;
  bool staleness_aware = false;
  std::string optimizer = "shared_rmsprop";
  double learning_rate = 5e-3;
  std::string learning_rate_schedule = "linear";
  std::int64_t anneal_steps = 0;  ///< global step at which a linear schedule reaches zero; 0: at `steps`
  double rmsprop_decay = 0.99;
  double rmsprop_epsilon = 0.1;
  double momentum = 0.9;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  std::string write_mode = "relaxed";
  std::int64_t straggler_delay = 0;  ///< microseconds

  bool until_solved = false;
  std::optional<double> until_return;
  std::int64_t evaluation_interval = 5'000;
  std::int64_t evaluation_episodes = 100;
  std::int64_t evaluation_environments = 0;  ///< most that play side by side; 0: the default
  std::int64_t evaluation_step_limit = 100'000;
  std::int64_t report_interval = 2'000;
  double checkpoint_interval = 10;

  /// The values of your own algorithms' keys, by name; a key that is not here has its default. OwnKey reads and sets
  /// them.
  std::map<std::string, OwnValue, std::less<>> own = {};

  /// Returns the number of the machine's cores, at most 8.
  static std::int64_t default_workers() noexcept;
  friend bool operator==(const TrainConfig&, const TrainConfig&) = default;
};

}  // namespace sounder
