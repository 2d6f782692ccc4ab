#include "apps/watch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "apps/animation.h"
#include "apps/saved_policy.h"
#include "apps/terminal.h"
#include "apps/terminal_canvas.h"
#include "core/evaluator.h"

namespace sounder {
namespace {

/// How an episode stands, or ended.
struct Episode {
  std::int64_t number = 0;
  std::int64_t length = 0;  ///< steps
  double episode_return = 0;
  float reward = 0;  ///< of the latest step
  bool terminated = false;
  bool truncated = false;
  std::string action = {};  ///< the latest that the environment was given, as text
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

std::string status_line(const std::string& environment, const Episode& episode) {
  return fmt::format("{}   episode {}   step {}   action {}   reward {:.3g}   return {:.1f}", environment,
                     episode.number, episode.length, episode.length == 0 ? "-" : episode.action, episode.reward,
                     episode.episode_return);
}

/// Draws an environment into lines of text; a line that says so if it cannot be drawn.
std::vector<std::string> picture(const Environment& environment, TerminalSize size, ColorSupport colors) {
  Canvas canvas;
  if (!environment.draw(canvas)) return {cut_to_width("(this environment does not describe a picture)", size.columns)};
  return rasterize(canvas, size, colors);
}

/// Plays the episodes of one policy in one environment.
class Player {
 public:
  Player(SavedPolicy policy, std::int64_t seed)
      : policy_(std::move(policy)),
        agent_(policy_.agents->make({.parameters = policy_.parameters}, {.observations = 1})),
        environment_(policy_.environment),
        seed_(static_cast<std::uint64_t>(seed)),
        observation_(flat_size(environment_.spec().observation_space)),
        state_(agent_->state_size()),
        actions_(environment_.spec().action_space, 1) {}

  const Environment& environment() const noexcept { return environment_; }

  /// Plays one episode to its end, or to where an evaluation cuts one that has none. `on_state` is told of every state
  /// and says whether to go on.
  Episode play(std::int64_t number, const std::function<bool(const Episode&)>& on_state) {
    Episode episode{.number = number};
    environment_.reset(
        derive_seed(
            {.seed = seed_, .worker = 0, .purpose = Stream::evaluation, .index = static_cast<std::uint64_t>(number)}),
        observation_);
    std::ranges::fill(state_, 0.0F);
    while (on_state(episode) && !episode.terminated && !episode.truncated) step(episode);
    return episode;
  }

 private:
  void step(Episode& episode) {
    agent_->act({.observations = observation_, .selection = Selection::greedy, .states = state_}, actions_);
    const StepResult result = environment_.step(actions_[0], observation_);
    ++episode.length;
    episode.reward = result.reward;
    episode.episode_return += static_cast<double>(result.reward);
    episode.terminated = result.terminated;
    episode.truncated = result.truncated || (!result.terminated && episode.length >= Evaluator::kMostSteps);
    episode.action = describe((*policy_.action)[0]);
  }

  SavedPolicy policy_;
  std::unique_ptr<Agent> agent_;  // over the policy's parameters
  Environment& environment_;      // likewise
  std::uint64_t seed_;
  std::vector<float> observation_;  // [D]
  std::vector<float> state_;        // [S], of the agent
  ActionArray actions_;             // [1]
};

/// Shows one state; returns whether to go on.
bool show(Animation& animation, const Player& player, const std::string& title, const Episode& episode) {
  constexpr std::chrono::milliseconds kEndPause{700};
  const TerminalSize size = animation.size();
  auto lines = picture(player.environment(), {size.columns, size.rows - 1}, color_support());
  lines.push_back(cut_to_width(status_line(title, episode), size.columns));
  animation.show(lines);
  if (episode.terminated || episode.truncated) animation.pause(kEndPause);
  return animation.signal() == 0;
}

std::string json_text(const std::string& environment, const std::string& checkpoint,
                      const std::vector<Episode>& episodes) {
  boost::json::array list;
  for (const Episode& episode : episodes) {
    list.push_back({{"return", episode.episode_return},
                    {"length", episode.length},
                    {"terminated", episode.terminated},
                    {"truncated", episode.truncated}});
  }
  return boost::json::serialize(
      boost::json::object{{"env", environment}, {"checkpoint", checkpoint}, {"episodes", std::move(list)}});
}

std::string summary(const Episode& episode) {
  return fmt::format("episode {}: return {:.1f}, {} steps, {}\n", episode.number, episode.episode_return,
                     episode.length, episode.terminated ? "terminated" : "truncated");
}

}  // namespace

int watch(const WatchRequest& request, const Catalogue& catalogue) {
  constexpr int kSignalExit = 128;
  constexpr TerminalSize kPlainSize{80, 20};
  SavedPolicy policy = load_policy(request.run_or_checkpoint, catalogue, request.source);
  const std::string id = policy.config.environment;
  const std::string checkpoint = policy.file.string();
  Player player(std::move(policy), request.seed);
  std::optional<Animation> animation;
  if (request.output == Output::human && is_terminal(STDERR_FILENO)) animation.emplace(request.frames_per_second);
  const auto on_state = [&](const Episode& episode) { return !animation || show(*animation, player, id, episode); };

  std::vector<Episode> episodes;
  for (std::int64_t number = 1; number <= request.episodes; ++number) {
    episodes.push_back(player.play(number, on_state));
    if (animation && animation->signal() != 0) return kSignalExit + animation->signal();
  }

  const bool animated = animation.has_value();
  animation.reset();
  if (request.output == Output::json) {
    print_json(json_text(id, checkpoint, episodes));
    return 0;
  }
  if (!animated) {
    for (const std::string& line : picture(player.environment(), kPlainSize, ColorSupport::none)) {
      print_human(line.substr(0, line.find_last_not_of(' ') + 1) + '\n');
    }
  }
  for (const Episode& episode : episodes) print_human(summary(episode));
  return 0;
}

}  // namespace sounder
