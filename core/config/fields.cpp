// The table of fields: all keys of the configuration, with range and help, whether they are kept on resume, and when
// they have no effect. It is the only list of them.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/named.h"
#include "core/sharing/blocks/partition.h"
#include "core/sharing/blocks/plan.h"
#include "core/sharing/peers/gradient_tracking.h"
#include "core/sharing/peers/graph.h"
#include "core/sharing/peers/mixing.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/parameter_store.h"
#include "core/sharing/update.h"
#include "envs/environment.h"
#include "envs/wrappers/by_name.h"

namespace sounder {
namespace {

constexpr std::int64_t kMostSteps = 1'000'000'000'000'000;
// Up to here a double, and so a JSON number, holds every integer.
constexpr std::int64_t kLargestSeed = std::int64_t{1} << 53;

// The types of ConfigField, as constants: the table below is data, not code, which keeps programs that act small.
template <class T, class Number>
struct Limited {
  T TrainConfig::*member;
  Number min;
  Number max;
};
template <class T>
struct Listed {
  T TrainConfig::*member;
  std::vector<std::string> (*choices)() = nullptr;
};
using Integer = Limited<std::int64_t, std::int64_t>;
using Real = Limited<double, double>;
using OptionalReal = Limited<std::optional<double>, double>;
using Text = Listed<std::string>;
using Texts = Listed<std::vector<std::string>>;
struct Flag {
  bool TrainConfig::*member;
};
using Integers = Limited<std::vector<std::int64_t>, std::int64_t>;

/// The choices of a table.
template <const auto& table>
std::vector<std::string> names() {
  return names_of(table);
}

constexpr OnResume kChangeable = OnResume::changeable;
constexpr OnResume kKept = OnResume::kept;

// Functions that return why a key has no effect; empty if it has one.

std::string unless(bool effect, std::string reason) {
  return effect ? std::string() : std::move(reason);
}

std::string not_remote(const ConfigUse& use) {
  return unless(!use.config.env_command.empty() || !use.config.env_connect.empty(),
                "the environments are not in another process");
}

std::string not_started(const ConfigUse& use) {
  return unless(!use.config.env_command.empty(), "no process with environments is started");
}

std::string no_two_trunks(const ConfigUse& use) {
  return unless(use.agents.traits().network.two_trunks,
                fmt::format("algorithm '{}' learns action values alone, by one trunk", use.config.algorithm));
}

std::string no_memory(const ConfigUse& use) {
  return unless(use.agents.traits().network.memory, fmt::format("memory is '{}'", use.config.memory));
}

std::string no_convolutions(const ConfigUse& use) {
  return unless(use.agents.traits().network.convolutions,
                fmt::format("network '{}' has no convolutions", use.config.network));
}

std::string no_policy(const ConfigUse& use) {
  return unless(use.agents.traits().policy, fmt::format("algorithm '{}' learns no policy", use.config.algorithm));
}

std::string not_continuous(const ConfigUse& use) {
  const Space& actions = use.environment.action_space;
  return unless(std::holds_alternative<Box>(actions),
                fmt::format("it is for Box actions; those of {} are {}", use.config.environment, describe(actions)));
}

std::string no_target(const ConfigUse& use) {
  return unless(use.agents.has_target(), fmt::format("algorithm '{}' has no target parameters", use.config.algorithm));
}

std::string no_exploration(const ConfigUse& use) {
  return unless(use.agents.traits().exploration,
                fmt::format("algorithm '{}' does not explore by epsilon", use.config.algorithm));
}

bool tracks(const TrainConfig& config) {
  return config.sharing == "peers" && config.tracking == "gradient";
}

std::string never_stale(const ConfigUse& use) {
  if (tracks(use.config)) return "peers that track gradients learn in rounds: no gradient is stale";
  return unless(use.agents.sharing() != kRoundsScheme,
                fmt::format("algorithm '{}' learns in rounds: no gradient is stale", use.config.algorithm));
}

std::string never_concurrent(const ConfigUse& use) {
  if (use.config.sharing == "server") return "each shard of a server makes one update at a time";
  if (tracks(use.config)) return "peers that track gradients learn in rounds: updates are made one at a time";
  return unless(use.agents.sharing() != kRoundsScheme,
                fmt::format("algorithm '{}' learns in rounds: updates are made one at a time", use.config.algorithm));
}

// What `sharing` a key is of.
std::string no_server(const ConfigUse& use) {
  return unless(use.config.sharing == "server", fmt::format("sharing is '{}'", use.config.sharing));
}

std::string no_peers(const ConfigUse& use) {
  return unless(use.config.sharing == "peers", fmt::format("sharing is '{}'", use.config.sharing));
}

std::string no_gossip(const ConfigUse& use) {
  if (use.config.sharing != "peers") return no_peers(use);
  return unless(!tracks(use.config), "peers that track gradients learn in rounds: no message is old");
}

std::string no_tracking(const ConfigUse& use) {
  if (use.config.sharing != "peers") return no_peers(use);
  return unless(tracks(use.config), fmt::format("tracking is '{}'", use.config.tracking));
}

std::string no_regularization(const ConfigUse& use) {
  if (std::string reason = no_tracking(use); !reason.empty()) return reason;
  return unless(use.config.regularization != "none", "regularization is 'none'");
}

std::string no_blocks(const ConfigUse& use) {
  return unless(use.config.blocks != "none", "blocks is 'none'");
}

std::string no_counted_blocks(const ConfigUse& use) {
  if (std::string reason = no_blocks(use); !reason.empty()) return reason;
  return unless(use.config.block_choice != "all", "block_choice is 'all'");
}

std::string constant_rate(const ConfigUse& use) {
  return unless(make_schedule(use.config).anneal_steps > 0,
                fmt::format("learning_rate_schedule is '{}'", use.config.learning_rate_schedule));
}

template <class... Rules>
std::string other_rule(const ConfigUse& use) {
  const UpdateRule rule = make_update_settings(use.config).optimizer.rule;
  return unless((std::holds_alternative<Rules>(rule) || ...), fmt::format("optimizer is '{}'", use.config.optimizer));
}

std::string own_limit(const ConfigUse& use) {
  const auto limit = use.environment.max_episode_steps;
  return unless(!limit, fmt::format("episodes of {} end after {} steps", use.config.environment, limit.value_or(0)));
}

/// A field as a constant.
struct Row {
  const char* name;
  const char* help;
  std::variant<Integer, Real, OptionalReal, Text, Texts, Flag, Integers> type;
  OnResume on_resume = kChangeable;
  std::string (*no_effect)(const ConfigUse&) = nullptr;
};

using C = TrainConfig;
constexpr Row kRows[] = {
    {"environment", "environment to learn", Text{&C::environment}, kKept},
    {"env_option",
     "option of the environment, such as length=0.7; of several values between commas, worker i (peer i, where "
     "sharing is peers) takes the i-th, in turn",
     Texts{&C::env_option}},
    {"env_command",
     "shell command that starts a process which holds the environments, one for each worker and one for evaluating, "
     "such as \"python3 my_env.py\"",
     Text{&C::env_command}},
    {"env_connect", "where such a process listens that runs already: unix:/PATH", Text{&C::env_connect}},
    {"env_timeout", "seconds in which such a process has to answer a request", Real{&C::env_timeout, 1e-3, 86'400},
     kChangeable, not_remote},
    {"env_restarts", "times in a row that such a process is started again before the run fails",
     Integer{&C::env_restarts, 0, 1'000'000}, kChangeable, not_remote},
    {"env_pin", "run each worker and its process on one processor, where they hand over fastest", Flag{&C::env_pin},
     kChangeable, not_started},
    {"wrappers", "what stands between environment and agent, the innermost first, such as frame_stack=4",
     Texts{&C::wrappers, wrapper_names}, kKept},
    {"algorithm", "algorithm to learn with", Text{&C::algorithm}, kKept},
    {"workers", "actor-learners, each with environments of its own", Integer{&C::workers, 1, 1024}},
    {"threads", "threads that run the workers; 0: one for each", Integer{&C::threads, 0, 1024}},
    {"envs_per_worker", "environments that a worker steps side by side, one forward pass for all of them",
     Integer{&C::envs_per_worker, 1, 4096}},
    {"steps", "environment steps to train for, all workers together", Integer{&C::steps, 1, kMostSteps}},
    {"seed", "seed from which all random numbers derive", Integer{&C::seed, 0, kLargestSeed}, kKept},

    {"backend", "what computes the network; auto takes the fastest that can", Text{&C::backend}},
    {"network", "kind of network", Text{&C::network}, kKept},
    {"hidden", "units of each hidden layer", Integers{&C::hidden, 1, 8192}, kKept},
    {"activation", "activation function of the hidden layers", Text{&C::activation}, kKept},
    {"trunks", "hidden layers that policy and value share, or separate ones for each", Text{&C::trunks}, kKept,
     no_two_trunks},
    {"memory", "recurrent cell behind the hidden layers, which carries a state through an episode", Text{&C::memory},
     kKept},
    {"memory_units", "units of the recurrent cell", Integer{&C::memory_units, 1, 8192}, kKept, no_memory},
    {"channels", "channels of each convolution, of network cnn", Integers{&C::channels, 1, 4096}, kKept,
     no_convolutions},
    {"kernel", "side of the convolutions' kernels, odd", Integer{&C::kernel, 1, 31}, kKept, no_convolutions},
    {"stride", "stride of the convolutions", Integer{&C::stride, 1, 31}, kKept, no_convolutions},

    {"policy_std", "standard deviations of continuous actions: parameters, or outputs of the network for each state",
     Text{&C::policy_std}, kKept, not_continuous},
    {"initial_log_std", "logarithm of these standard deviations at the start", Real{&C::initial_log_std, -10, 10},
     kKept, not_continuous},
    {"squash_actions", "bring continuous actions within their bounds by tanh, in place of clipping them",
     Flag{&C::squash_actions}, kKept, not_continuous},

    {"rollout", "most steps that an environment takes between two updates (t_max)", Integer{&C::rollout, 1, 100'000}},
    {"discount", "discount of rewards, per step (gamma)", Real{&C::discount, 0, 1}},
    {"gae_lambda", "lambda of generalized advantages, of policy methods; 1: n-step advantages, as in the paper",
     Real{&C::gae_lambda, 0, 1}, kChangeable, no_policy},
    {"entropy_coefficient", "weight of the policy's entropy in the loss (beta), of policy methods",
     Real{&C::entropy_coefficient, 0, 1e3}, kChangeable, no_policy},
    {"value_coefficient", "weight of the value's squared error in the loss", Real{&C::value_coefficient, 0, 1e3}},
    {"max_gradient_norm", "norm to which an update's gradient is clipped", Real{&C::max_gradient_norm, 1e-6, 1e12}},
    {"reward_scale", "factor of the rewards that are learnt from; returns are reported without it",
     Real{&C::reward_scale, 1e-9, 1e9}},
    {"reward_clip",
     "bound of the scaled rewards that are learnt from, on both sides; none: no bound, but 10 where they are "
     "normalised",
     OptionalReal{&C::reward_clip, 1e-9, 1e9}},
    {"normalize_observations", "bring observations to mean 0 and variance 1, as seen so far",
     Flag{&C::normalize_observations}, kKept},
    {"normalize_rewards", "divide the rewards that are learnt from by the returns' standard deviation, as seen so far",
     Flag{&C::normalize_rewards}, kKept},

    {"target_interval", "environment steps between copies of the parameters to the target parameters, of value methods",
     Integer{&C::target_interval, 1, kMostSteps}, kChangeable, no_target},
    {"exploration_steps", "environment steps over which epsilon falls from 1 to its final value, of value methods",
     Integer{&C::exploration_steps, 1, kMostSteps}, kChangeable, no_exploration},
    {"final_epsilon", "final epsilon of all workers; none: each draws .1, .01 or .5 with probability .4, .3, .3",
     OptionalReal{&C::final_epsilon, 0, 1}, kChangeable, no_exploration},

    {"sharing",
     "how workers share what they learn: one array for all, a parameter server of shards, or peers, each with "
     "parameters of its own",
     Text{&C::sharing, names<kSharingSchemes>}, kKept},
    {"shards", "slices of the server's parameters, each with its own lock, statistics and version",
     Integer{&C::shards, 1, 1'000'000}, kChangeable, no_server},
    {"fetch_every",
     "rollouts of a worker from one fetch of the parameters to the next; above 1, with local steps between",
     Integer{&C::fetch_every, 1, 1'000'000}, kChangeable, no_server},
    {"push_every", "rollouts of a worker from one push to the next, which is the sum of their gradients",
     Integer{&C::push_every, 1, 1'000'000}, kChangeable, no_server},
    {"warm_start", "global step before which worker 0 of a server runs alone", Integer{&C::warm_start, 0, kMostSteps},
     kChangeable, no_server},
    {"peers",
     "number of peers: groups of equally many workers, each with parameters of its own; 0: one for each worker",
     Integer{&C::peers, 0, 1024}, kKept, no_peers},
    {"graph", "which peers are neighbours: from whom each receives parameters", Text{&C::graph, names<kGraphKinds>},
     kChangeable, no_peers},
    {"link_probability", "probability that a message is sent (GALA), or that a link is up in a round (NEXT)",
     Real{&C::link_probability, 1e-12, 1}, kChangeable, no_peers},
    {"max_lag", "updates of a peer since it last mixed, beyond which it waits for its neighbours' messages",
     Integer{&C::max_lag, 1, kMostSteps}, kChangeable, no_gossip},
    {"tracking", "what peers exchange: parameters (GALA), or in rounds a tracked mean gradient as well (NEXT)",
     Text{&C::tracking, names<kTrackings>}, kKept, no_peers},
    {"mixing",
     "weights of neighbours: average, all equal; metropolis, by both ends' numbers of links, doubly stochastic",
     Text{&C::mixing, names<kMixings>}, kChangeable, no_peers},
    {"step_decay", "decay of NEXT's step alpha (mu): after each round, alpha becomes alpha (1 - mu alpha)",
     Real{&C::step_decay, 0, 1e6}, kChangeable, no_tracking},
    {"proximal", "weight of the quadratic term of NEXT's local step (tau); 0: the number of peers",
     Real{&C::proximal, 0, 1e9}, kChangeable, no_tracking},
    {"regularization", "term that NEXT adds to the sum of all peers' losses: l2, |w|^2 / 2; l1, |w|_1",
     Text{&C::regularization, names<kRegularizations>}, kChangeable, no_tracking},
    {"regularization_weight", "weight of that term (lambda)", Real{&C::regularization_weight, 0, 1e6}, kChangeable,
     no_regularization},
    {"blocks", "parts of the parameters of which an update changes some: tensors, layers, or single neurons",
     Text{&C::blocks, names<kBlockPartitions>}, kKept},
    {"block_choice", "which blocks an update changes", Text{&C::block_choice, names<kBlockChoices>}, kChangeable,
     no_blocks},
    {"blocks_per_update",
     "blocks of one update (k); 0: all that are due with random and owner, 1 with cyclic and greedy",
     Integer{&C::blocks_per_update, 0, 1'000'000'000}, kChangeable, no_counted_blocks},
    {"block_rates",
     "share of a block's turns at which it changes, by globs of parameter names: \"head.*=1;body.*=0.25\"",
     Text{&C::block_rates}, kChangeable, no_blocks},
    {"block_rescale", "divide a block's step by the share of updates that change it", Flag{&C::block_rescale},
     kChangeable, no_blocks},

    {"gradients_per_update", "workers' gradients that are averaged into one update (n-softsync); 1: none wait",
     Integer{&C::gradients_per_update, 1, 1024}},
    {"staleness_aware", "divide the learning rate of a gradient by its staleness, in updates",
     Flag{&C::staleness_aware}, kChangeable, never_stale},

    {"optimizer", "update rule of the shared parameters", Text{&C::optimizer, optimizer_names}, kKept},
    {"learning_rate", "learning rate at the start", Real{&C::learning_rate, 1e-12, 1e3}},
    {"learning_rate_schedule", "learning rate over the global step: constant, or linear to 0 at anneal_steps",
     Text{&C::learning_rate_schedule, schedule_names}},
    {"anneal_steps", "global step at which a linear schedule reaches 0; 0: at the last of `steps`",
     Integer{&C::anneal_steps, 0, kMostSteps}, kChangeable, constant_rate},
    {"rmsprop_decay", "decay of the squared gradients' mean, of the two RMSProp rules (alpha)",
     Real{&C::rmsprop_decay, 0, 1}, kChangeable, other_rule<RmsProp>},
    {"rmsprop_epsilon", "added to that mean, or to the squared gradients' sum of adagrad, inside the root",
     Real{&C::rmsprop_epsilon, 1e-12, 1e3}, kChangeable, other_rule<RmsProp, Adagrad>},
    {"momentum", "decay of the velocity, of momentum_sgd", Real{&C::momentum, 0, 1}, kChangeable,
     other_rule<MomentumSgd>},
    // Adam divides by 1 - beta^t, which in single precision must not be 0.
    {"adam_beta1", "decay of the gradients' mean, of adam", Real{&C::adam_beta1, 0, 0.99999}, kChangeable,
     other_rule<Adam>},
    {"adam_beta2", "decay of the squared gradients' mean, of adam", Real{&C::adam_beta2, 0, 0.99999}, kChangeable,
     other_rule<Adam>},
    {"adam_epsilon", "added to that mean's root, of adam", Real{&C::adam_epsilon, 1e-12, 1e3}, kChangeable,
     other_rule<Adam>},
    {"write_mode", "how workers write shared parameters: plain, losing none to a concurrent update, or one at a time",
     Text{&C::write_mode, names<kWriteModes>}, kChangeable, never_concurrent},
    {"straggler_delay",
     "microseconds that worker 0 loses after each environment step: measures what one slow worker costs the others",
     Integer{&C::straggler_delay, 0, 1'000'000}},

    {"until_solved", "stop when an evaluation reaches the environment's reward threshold", Flag{&C::until_solved}},
    {"until_return", "stop when an evaluation reaches this mean return", OptionalReal{&C::until_return, -1e9, 1e9}},
    {"evaluation_interval",
     "environment steps between evaluations; after 1000 of them it doubles whenever the step has",
     Integer{&C::evaluation_interval, 1, kMostSteps}},
    {"evaluation_episodes", "greedy episodes of an evaluation", Integer{&C::evaluation_episodes, 1, 1'000'000}},
    {"evaluation_environments",
     "environments that an evaluation plays side by side, each episode after episode; 1: for a simulator that may "
     "exist only once; 0: 128, or 4 in another process",
     Integer{&C::evaluation_environments, 0, 65'536}},
    {"evaluation_step_limit", "steps at which an evaluation cuts an episode of an environment that has no step limit",
     Integer{&C::evaluation_step_limit, 1, kMostSteps}, kChangeable, own_limit},
    {"report_interval",
     "environment steps between rows of progress.csv; after 1000 of them it doubles whenever the step has",
     Integer{&C::report_interval, 1, kMostSteps}},
    {"checkpoint_interval", "seconds between checkpoints", Real{&C::checkpoint_interval, 1e-9, 1e6}},
};

/// Makes the type of a field of a row's.
struct FieldType {
  using Result = decltype(ConfigField::type);

  Result operator()(const Integer& type) const { return ConfigField::Integer{type.member, type.min, type.max}; }
  Result operator()(const Real& type) const { return ConfigField::Real{type.member, type.min, type.max}; }
  Result operator()(const OptionalReal& type) const {
    return ConfigField::OptionalReal{type.member, type.min, type.max};
  }
  Result operator()(const Text& type) const { return ConfigField::Text{type.member, choices(type)}; }
  Result operator()(const Texts& type) const { return ConfigField::Texts{type.member, choices(type)}; }
  Result operator()(const Flag& type) const { return ConfigField::Flag{type.member}; }
  Result operator()(const Integers& type) const { return ConfigField::Integers{type.member, type.min, type.max}; }

 private:
  template <class T>
  static std::vector<std::string> choices(const Listed<T>& type) {
    return type.choices != nullptr ? type.choices() : std::vector<std::string>();
  }
};

std::vector<ConfigField> make_fields() {
  std::vector<ConfigField> fields;
  fields.reserve(std::size(kRows));
  for (const Row& row : kRows) {
    fields.push_back({.name = row.name,
                      .help = row.help,
                      .type = std::visit(FieldType{}, row.type),
                      .on_resume = row.on_resume,
                      .no_effect = row.no_effect});
  }
  return fields;
}

}  // namespace

std::int64_t TrainConfig::default_workers() noexcept {
  // hardware_concurrency is 0 where it is not known.
  return std::clamp<std::int64_t>(std::thread::hardware_concurrency(), 1, 8);
}

std::span<const ConfigField> config_fields() {
  static const std::vector<ConfigField> fields = make_fields();
  return fields;
}

}  // namespace sounder
