#include "core/config/other_names.h"

#include <algorithm>
#include <array>

namespace sounder {
namespace {

// From Stable-Baselines3 2.3, CleanRL 1.2, RLlib 2.9 and Tianshou 1.0.
constexpr std::array kOtherNames = std::to_array<OtherName>({
    // The run.
    {"env", "environment"},
    {"env_id", "environment"},
    {"env_name", "environment"},
    {"env_config", "env_option"},
    {"env_kwargs", "env_option"},
    {"env_wrapper", "wrappers"},
    {"total_timesteps", "steps"},
    {"n_timesteps", "steps"},
    {"timesteps", "steps"},
    {"timesteps_total", "steps"},
    {"framework", "backend"},
    {"random_seed", "seed"},
    {"n_envs", "envs_per_worker"},
    {"n_envs", "workers"},
    {"num_envs", "envs_per_worker"},
    {"num_envs", "workers"},
    {"training_num", "envs_per_worker"},
    {"training_num", "workers"},
    {"num_training_envs", "envs_per_worker"},
    {"num_training_envs", "workers"},
    {"num_envs_per_worker", "envs_per_worker"},
    {"num_envs_per_env_runner", "envs_per_worker"},
    {"num_workers", "workers"},
    {"num_rollout_workers", "workers"},
    {"num_env_runners", "workers"},
    {"num_processes", "workers"},
    {"num_actors", "workers"},
    {"n_workers", "workers"},
    // Returns and losses.
    {"n_steps", "rollout"},
    {"num_steps", "rollout"},
    {"t_max", "rollout"},
    {"rollout_fragment_length", "rollout"},
    {"step_per_collect", "rollout"},
    {"estimation_step", "rollout"},
    {"gamma", "discount"},
    {"discount_factor", "discount"},
    {"lambda", "gae_lambda"},
    {"lambda_", "gae_lambda"},
    {"ent_coef", "entropy_coefficient"},
    {"beta", "entropy_coefficient"},
    {"entropy_coef", "entropy_coefficient"},
    {"entropy_coeff", "entropy_coefficient"},
    {"vf_coef", "value_coefficient"},
    {"value_coef", "value_coefficient"},
    {"vf_loss_coeff", "value_coefficient"},
    {"max_grad_norm", "max_gradient_norm"},
    {"grad_clip", "max_gradient_norm"},
    {"clip_reward", "reward_clip"},
    {"clip_rewards", "reward_clip"},
    {"norm_obs", "normalize_observations"},
    {"obs_norm", "normalize_observations"},
    {"observation_filter", "normalize_observations"},
    {"norm_reward", "normalize_rewards"},
    {"rew_norm", "normalize_rewards"},
    {"reward_normalization", "normalize_rewards"},
    {"return_scaling", "normalize_rewards"},
    // Value methods.
    {"target_update_interval", "target_interval"},
    {"target_network_frequency", "target_interval"},
    {"target_network_update_freq", "target_interval"},
    {"target_update_freq", "target_interval"},
    {"exploration_fraction", "exploration_steps"},
    {"epsilon_timesteps", "exploration_steps"},
    {"exploration_final_eps", "final_epsilon"},
    {"end_e", "final_epsilon"},
    {"eps_train", "final_epsilon"},
    {"eps_train_final", "final_epsilon"},
    // The update rule.
    {"lr", "learning_rate"},
    {"lr_schedule", "learning_rate_schedule"},
    {"lr_decay", "learning_rate_schedule"},
    {"lr_scheduler", "learning_rate_schedule"},
    {"anneal_lr", "learning_rate_schedule"},
    {"optimizer_class", "optimizer"},
    {"optim", "optimizer"},
    {"use_rms_prop", "optimizer"},
    {"rms_prop_eps", "rmsprop_epsilon"},
    {"alpha", "rmsprop_decay"},
    {"beta1", "adam_beta1"},
    {"beta2", "adam_beta2"},
    {"adam_eps", "adam_epsilon"},
    {"eps", "adam_epsilon"},
    {"eps", "rmsprop_epsilon"},
    // The network.
    {"policy", "network"},
    {"net_arch", "hidden"},
    {"hidden_sizes", "hidden"},
    {"hidden_layers", "hidden"},
    {"fcnet_hiddens", "hidden"},
    {"activation_fn", "activation"},
    {"fcnet_activation", "activation"},
    {"vf_share_layers", "trunks"},
    {"use_lstm", "memory"},
    {"lstm_hidden_size", "memory_units"},
    {"lstm_cell_size", "memory_units"},
    {"conv_filters", "channels"},
    {"log_std_init", "initial_log_std"},
    {"free_log_std", "policy_std"},
    {"squash_output", "squash_actions"},
    {"action_bound_method", "squash_actions"},
    // Evaluations and files.
    {"eval_freq", "evaluation_interval"},
    {"eval_interval", "evaluation_interval"},
    {"n_eval_episodes", "evaluation_episodes"},
    {"eval_episodes", "evaluation_episodes"},
    {"evaluation_duration", "evaluation_episodes"},
    {"episode_per_test", "evaluation_episodes"},
    {"log_interval", "report_interval"},
    {"save_freq", "checkpoint_interval"},
    {"checkpoint_frequency", "checkpoint_interval"},
    {"reward_threshold", "until_return"},
    {"stop_reward", "until_return"},
});

}  // namespace

std::span<const OtherName> other_names() {
  return kOtherNames;
}

std::vector<std::string> keys_for_other_name(std::string_view name) {
  std::string plain(name);
  std::ranges::replace(plain, '-', '_');
  std::vector<std::string> keys;
  for (const OtherName& other : kOtherNames) {
    if (other.name == plain) keys.emplace_back(other.key);
  }
  return keys;
}

}  // namespace sounder
