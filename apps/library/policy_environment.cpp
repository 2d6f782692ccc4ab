#include "apps/library/policy_environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string_view>
#include <utility>
#include <variant>

#include "core/sharing/peers/peers.h"
#include "envs/error.h"
#include "envs/program.h"
#include "envs/wrappers/keep_action.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

std::size_t count_values(std::string_view values) {
  return static_cast<std::size_t>(std::ranges::count(values, ',')) + 1;
}

std::string option_name(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) throw UsageError(fmt::format("env_option: expected name=value; got '{}'", text));
  return text.substr(0, equals);
}

/// Returns the value for a turn from a comma-separated list.
std::string_view take(std::string_view values, std::size_t turn) {
  for (std::size_t i = turn % count_values(values); i > 0; --i) values.remove_prefix(values.find(',') + 1);
  return values.substr(0, values.find(','));
}

/// Returns the option values of all turns until they repeat.
std::vector<OptionValues> all_turns(std::span<const std::string> texts) {
  constexpr std::size_t kMostTurns = 10'000;
  std::size_t turns = 1;
  for (const std::string& text : texts) turns = std::min(std::lcm(turns, count_values(text)), kMostTurns);
  std::vector<OptionValues> all;
  for (std::size_t turn = 0; turn < turns && !texts.empty(); ++turn) all.push_back(read_options(texts, turn));
  return all;
}

/// Finds the folder of sounder_env.py, installed next to this program or in the source tree.
std::optional<fs::path> python_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* const folder : {"../share/sounder/python", "../../apps/python", "../../../apps/python"}) {
    const fs::path candidate = (program / folder).lexically_normal();
    if (!error && fs::exists(candidate / "sounder_env.py", error)) return candidate;
  }
  return std::nullopt;
}

/// Returns variables that append the folder of sounder_env.py to Python's search path.
std::vector<std::pair<std::string, std::string>> python_variables() {
  const auto folder = python_folder();
  if (!folder) return {};
  const char* const others = std::getenv("PYTHONPATH");
  const std::string path = others == nullptr || *others == '\0' ? "" : fmt::format("{}:", others);
  return {{"PYTHONPATH", path + folder->string()}};
}

std::string socket_path(const TrainConfig& config) {
  constexpr std::string_view kScheme = "unix:";
  if (config.env_connect.empty()) return {};
  if (!config.env_connect.starts_with(kScheme) || config.env_connect.size() == kScheme.size()) {
    throw UsageError(fmt::format("env_connect: expected unix:PATH; got '{}'", config.env_connect));
  }
  return config.env_connect.substr(kScheme.size());
}

}  // namespace

void require_alike(const SpecPair& pair) {
  const auto require = [&](const char* what, const Space& expected, const Space& got) {
    if (equal_but_for_bounds(expected, got)) return;
    throw UsageError(fmt::format("{}: {}, expected {} of one shape; got {} and {}", pair.environment, pair.because,
                                 what, describe(expected), describe(got)));
  };
  require("observations", pair.expected.observation_space, pair.got.observation_space);
  require("actions", pair.expected.action_space, pair.got.action_space);
}

OptionValues read_options(std::span<const std::string> texts, std::size_t turn) {
  OptionValues options;
  for (const std::string& text : texts) {
    const std::string name = option_name(text);
    const std::string_view values = std::string_view(text).substr(name.size() + 1);
    if (!options.emplace(name, take(values, turn)).second) {
      throw UsageError(
          fmt::format("env_option: expected each option once; got '{0}' twice, the second time as '{1}'; values that "
                      "take turns stand between commas ({0}=A,B), and so do those of a sweep "
                      "(--range env_option=grid:{0}=A,{0}=B)",
                      name, text));
    }
  }
  return options;
}

std::vector<std::string> change_options(std::vector<std::string> options, std::span<const std::string> changes) {
  read_options(changes);  // throws if an option is given twice
  for (const std::string& change : changes) {
    const std::string name = option_name(change);
    std::erase_if(options, [&](const std::string& option) { return option_name(option) == name; });
    options.push_back(change);
  }
  return options;
}

std::string describe_changes(std::span<const std::string> trained, std::span<const std::string> now) {
  std::vector<std::string> changes;
  for (const std::string& option : now) {
    const std::string name = option_name(option);
    const auto before = std::ranges::find(trained, name, option_name);
    if (before != trained.end() && *before == option) continue;
    const std::string value = before == trained.end() ? "its default" : before->substr(name.size() + 1);
    changes.push_back(fmt::format("{} (in training {})", option, value));
  }
  return fmt::format("{}", fmt::join(changes, ", "));
}

bool is_remote(const TrainConfig& config) {
  if (!config.env_command.empty() && !config.env_connect.empty()) {
    throw UsageError(fmt::format("expected {} or {}; got both: the environments are in one place",
                                 setting_name("env_command"), setting_name("env_connect")));
  }
  return !config.env_command.empty() || !config.env_connect.empty();
}

EnvironmentSource take_source(TrainConfig& config) {
  return {.command = std::exchange(config.env_command, {}), .connect = std::exchange(config.env_connect, {})};
}

void require_source(const TrainConfig& config, const EnvironmentSource& saved) {
  if (is_remote(config) || (saved.command.empty() && saved.connect.empty())) return;
  throw UsageError(
      saved.command.empty()
          ? fmt::format(
                "{} was trained in another process; expected {}, as '{}' then: no file is trusted to say whom to "
                "talk to",
                config.environment, setting_name("env_connect"), saved.connect)
          : fmt::format(
                "{} was trained in another process; expected {}, as '{}' then: no file is trusted to say what to "
                "run",
                config.environment, setting_name("env_command"), saved.command));
}

remote::ClientSettings client_settings(const TrainConfig& config, const RemoteHooks& hooks) {
  is_remote(config);  // throws if there are two sources
  remote::ClientSettings settings{.command = config.env_command,
                                  .socket_path = socket_path(config),
                                  .variables = python_variables(),
                                  .timeout = std::chrono::duration<double>(config.env_timeout),
                                  .restarts = config.env_restarts,
                                  .stopping = hooks.stopping};
  if (hooks.on_warning) settings.warn = hooks.on_warning;
  return settings;
}

PolicyEnvironments::PolicyEnvironments(const Registry& environments, const TrainConfig& config,
                                       const RemoteHooks& hooks)
    : registry_(&environments),
      config_(config),
      workers_alike_(config.sharing == "peers" ? workers_per_peer(config) : 1),
      variants_(std::max<std::size_t>(all_turns(config.env_option).size(), 1)) {
  if (is_remote(config)) {
    remote_.emplace(remote::RemoteEnvironments::Settings{.client = client_settings(config, hooks),
                                                         .options = all_turns(config.env_option),
                                                         .workers_alike = workers_alike_,
                                                         .processors = hooks.processors,
                                                         .workers = static_cast<std::size_t>(config.workers),
                                                         .on_wait = hooks.on_wait});
  } else {
    require_one_network();
  }
}

void PolicyEnvironments::require_one_network() const {
  if (variants_ < 2) return;
  const Seat::Player evaluator = Seat::Player::evaluator;  // whose slots have all values in turn
  const EnvironmentSpec first = (*this)({.player = evaluator}).spec();
  for (std::size_t turn = 1; turn < variants_; ++turn) {
    require_alike({.environment = config_.environment,
                   .because = "with the values of env_option that are dealt out",
                   .expected = first,
                   .got = (*this)({.player = evaluator, .slot = turn}).spec()});
  }
}

Environment PolicyEnvironments::bare(const Seat& seat) const {
  const std::size_t turn = seat.player == Seat::Player::worker ? seat.number / workers_alike_ : seat.slot;
  return remote_ ? (*remote_)(seat) : registry_->make(config_.environment, read_options(config_.env_option, turn));
}

PolicyView PolicyEnvironments::view() const {
  return {.wrappers = config_.wrappers, .bounds = config_.squash_actions ? ActionBounds::squash : ActionBounds::clip};
}

Environment PolicyEnvironments::operator()(const Seat& seat) const {
  return for_policy(bare(seat), view());
}

Environment PolicyEnvironments::watched(const Seat& seat, std::shared_ptr<ActionArray>& action) const {
  return for_policy(Environment(KeepAction(bare(seat), action)), view());
}

std::string PolicyEnvironments::id() const {
  return config_.environment.empty() && remote_ ? remote_->description().id : config_.environment;
}

std::optional<remote::ClientStatistics> PolicyEnvironments::remote_statistics() const {
  if (!remote_) return std::nullopt;
  return remote_->statistics();
}

}  // namespace sounder
