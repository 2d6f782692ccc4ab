#include "apps/watch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "apps/library/saved_policy.h"
#include "apps/terminal/animation.h"
#include "apps/terminal/canvas.h"
#include "apps/terminal/terminal.h"
#include "core/running/evaluator.h"

namespace sounder {
namespace {

/// The state of an episode, running or ended.
struct Episode {
  std::int64_t number = 0;
  std::int64_t length = 0;  ///< steps
  double episode_return = 0;
  float reward = 0;  ///< reward of the latest step
  bool terminated = false;
  bool truncated = false;
  std::string action = {};  ///< latest action that the environment received, as text
};

std::string describe(const Action& action) {
  struct Visitor {
    std::string operator()(std::int64_t choice) const { return fmt::format("{}", choice); }
    std::string operator()(std::span<const float> numbers) const {
      return fmt::format("[{:.3f}]", fmt::join(numbers, ", "));
    }
    std::string operator()(std::span<const std::int64_t> choices) const {
      return fmt::format("[{}]", fmt::join(choices, ", "));
    }
  };
  return std::visit(Visitor{}, action);
}

std::string status_line(const std::string& title, const Episode& episode) {
  return fmt::format("{}   episode {}   step {}   action {}   reward {:.3g}   return {:.1f}", title, episode.number,
                     episode.length, episode.action, episode.reward, episode.episode_return);
}

/// Draws an environment as lines of text, or returns a line that says that it cannot be drawn.
std::vector<std::string> picture(const Environment& environment, TerminalSize size, ColorSupport colors) {
  Canvas canvas;
  if (!environment.draw(canvas)) return {cut_to_width("(this environment does not describe a picture)", size.columns)};
  return rasterize(canvas, size, colors);
}

/// Makes the policy's environments and stores the latest action that each received.
struct WatchedEnvironments {
  const PolicyEnvironments& environments;
  std::vector<std::shared_ptr<ActionArray>>& actions;  // by kind

  std::size_t variants() const { return environments.variants(); }
  Environment operator()(const Seat& seat) const {
    actions.resize(std::max(actions.size(), seat.slot + 1));
    return environments.watched(seat, actions[seat.slot]);
  }
};

/// `given` is the latest action that the environment received.
Episode read(const Evaluator::State& state, const ActionArray& given) {
  return {.number = static_cast<std::int64_t>(state.episode) + 1,
          .length = state.length,
          .episode_return = state.episode_return,
          .reward = state.result.reward,
          .terminated = state.result.terminated,
          .truncated = state.result.truncated,
          .action = state.length == 0 ? "-" : describe(given[0])};
}

void show(Animation& animation, const Environment& environment, const std::string& title, const Episode& episode) {
  constexpr std::chrono::milliseconds kEndPause{700};
  const TerminalSize size = animation.size();
  auto lines = picture(environment, {size.columns, size.rows - 1}, color_support());
  lines.push_back(cut_to_width(status_line(title, episode), size.columns));
  animation.show(lines);
  if (episode.terminated || episode.truncated) animation.pause(kEndPause);
}

std::string json_text(const WatchRequest& request, const SavedPolicy& policy, const std::vector<Episode>& episodes) {
  boost::json::array list;
  for (const Episode& episode : episodes) {
    list.push_back({{"return", episode.episode_return},
                    {"length", episode.length},
                    {"terminated", episode.terminated},
                    {"truncated", episode.truncated}});
  }
  boost::json::object object{{"env", policy.config.environment}, {"checkpoint", policy.file.string()}};
  if (request.peer) object["peer"] = *request.peer;
  object["episodes"] = std::move(list);
  return boost::json::serialize(object);
}

std::string summary(const Episode& episode) {
  return fmt::format("episode {}: return {:.1f}, {} steps, {}\n", episode.number, episode.episode_return,
                     episode.length, episode.terminated ? "terminated" : "truncated");
}

}  // namespace

int watch(const WatchRequest& request, const Catalogue& catalogue) {
  constexpr int kSignalExit = 128;
  constexpr TerminalSize kPlainSize{80, 20};
  std::optional<Animation> animation;
  std::vector<std::string> warnings;  // printed later, because they would disturb the animation
  const auto warn = [&](const std::string& message) {
    if (animation) {
      warnings.push_back(message);
    } else {
      print_warning(message);
    }
  };
  const SavedPolicy policy = load_policy({.run_or_checkpoint = request.run_or_checkpoint,
                                          .changes = request.changes,
                                          .peer = request.peer,
                                          .on_warning = warn,
                                          .on_wait = print_notice},
                                         catalogue);
  const std::string title = policy.config.environment + peer_suffix(request.peer);
  std::vector<std::shared_ptr<ActionArray>> actions;
  Evaluator evaluator({.make_environment = WatchedEnvironments{policy.environments, actions},
                       .agents = *policy.agents,
                       .episodes = request.episodes,
                       .environments = 1,
                       .step_limit = request.evaluation_step_limit.value_or(policy.config.evaluation_step_limit)});
  if (request.output == Output::human && is_terminal(STDERR_FILENO)) animation.emplace(request.frames_per_second);

  std::vector<Episode> episodes;
  std::vector<std::string> last_picture;
  const auto on_state = [&](const Evaluator::State& state) {
    const Episode episode = read(state, *actions[state.episode % policy.environments.variants()]);
    if (animation) show(*animation, state.environment, title, episode);
    if (!episode.terminated && !episode.truncated) return;
    episodes.push_back(episode);
    const bool last = episode.number == request.episodes;
    if (last && !animation && request.output == Output::human) {
      last_picture = picture(state.environment, kPlainSize, ColorSupport::none);
    }
  };
  evaluator.evaluate({.parameters = policy.parameters,
                      .seed = static_cast<std::uint64_t>(request.seed),
                      .stop = [&] { return animation && animation->signal() != 0; },
                      .on_state = on_state});
  if (animation && animation->signal() != 0) return kSignalExit + animation->signal();

  animation.reset();
  for (const std::string& warning : warnings) print_warning(warning);
  if (request.output == Output::json) {
    print_json(json_text(request, policy, episodes));
    return 0;
  }
  const std::string changes = describe_changes(policy.trained_options, policy.config.env_option);
  if (!changes.empty()) print_human(fmt::format("{}: options {}\n", title, changes));
  for (const std::string& line : last_picture) print_human(line.substr(0, line.find_last_not_of(' ') + 1) + '\n');
  for (const Episode& episode : episodes) print_human(summary(episode));
  return 0;
}

}  // namespace sounder
