#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "envs/registry.h"
#include "tests/apps/calls.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace json = boost::json;
using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::json_of;
using sounder::testing::Outcome;
using sounder::testing::TemporaryFolder;

namespace {

/// An environment of three steps, each of which is worth the number of its action.
struct Choice {
  using Action = std::int64_t;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{3}};
  }
  void reset(std::uint64_t, std::span<float> observation) {
    steps = 0;
    observation[0] = 0;
  }
  sounder::StepResult step(Action action, std::span<float> observation) {
    observation[0] = 0;
    return {.reward = static_cast<float>(action), .terminated = ++steps == 3};
  }
  int steps = 0;
};

sounder::Registry with_choice() {
  sounder::Registry environments = sounder::Registry::with_builtins();
  environments.add<Choice>("Choice-v0");
  return environments;
}

/// Returns all parameters of a checkpoint's network, for a policy that always prefers one action.
std::vector<float> preferring(const sounder::Checkpoint& checkpoint, std::size_t action) {
  std::vector<float> flat;
  for (const sounder::Tensor& tensor : checkpoint.parameters) {
    flat.resize(flat.size() + tensor.values.size());
    if (tensor.name == "head.bias") flat[flat.size() - tensor.values.size() + action] = 1;
  }
  REQUIRE(std::ranges::count(flat, 1.0F) == 1);
  return flat;
}

/// Trains two peers for a moment, and has the first one prefer action 0, the second action 1, and what acts action 2.
void save_peers(const std::string& file, const TemporaryFolder& folder) {
  const std::string run = (folder.path() / "run").string();
  REQUIRE(call({"train", "Choice-v0", "--sharing", "peers", "--workers", "2", "--steps", "50", "--evaluation-episodes",
                "1", "--run", run},
               with_choice())
              .exit_code == 0);
  sounder::Checkpoint checkpoint = sounder::load_checkpoint(folder.path() / "run" / "checkpoints" / "best");
  for (const std::size_t peer : {0U, 1U}) {
    const auto tensor =
        std::ranges::find(checkpoint.statistics, fmt::format("peer{}/parameters", peer), &sounder::Tensor::name);
    REQUIRE(tensor != checkpoint.statistics.end());
    tensor->values = preferring(checkpoint, peer);
  }
  const std::vector<float> acting = preferring(checkpoint, 2);
  auto from = acting.begin();
  for (sounder::Tensor& tensor : checkpoint.parameters) {
    const auto end = from + static_cast<std::ptrdiff_t>(tensor.values.size());
    tensor.values.assign(from, end);
    from = end;
  }
  save_checkpoint(file, checkpoint);
}

double mean_return(const json::object& watched) {
  double sum = 0;
  const json::array& episodes = watched.at("episodes").as_array();
  for (const json::value& episode : episodes) sum += episode.at("return").as_double();
  return sum / static_cast<double>(episodes.size());
}

}  // namespace

TEST_CASE("Evaluating and watching play the peer that is asked for, and otherwise what acts") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  save_peers(file, folder);
  const auto played = [&](const char* command, const Arguments& more) {
    Arguments arguments{command, file, "--episodes", "2", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return json_of(call(arguments, with_choice()));
  };
  CHECK(played("evaluate", {}).at("mean").as_double() == 6);
  CHECK(mean_return(played("watch", {})) == 6);
  CHECK_FALSE(played("watch", {}).contains("peer"));
  for (const int peer : {0, 1}) {
    const Arguments asked{"--peer", std::to_string(peer)};
    CHECK(played("evaluate", asked).at("mean").as_double() == 3 * peer);
    CHECK(played("evaluate", asked).at("peer") == peer);
    CHECK(mean_return(played("watch", asked)) == 3 * peer);
    CHECK(played("watch", asked).at("peer") == peer);
  }
  const Outcome human = call({"evaluate", file, "--peer", "1", "--episodes", "1"}, with_choice());
  CHECK(human.err.find(", peer 1)\n") != std::string::npos);
}

TEST_CASE("A peer that a run does not have is refused, with those that it has") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  save_peers(file, folder);
  const std::string other = (folder.path() / "other").string();
  REQUIRE(call({"train", "CartPole-v1", "--steps", "100", "--evaluation-episodes", "1", "--run", other}).exit_code ==
          0);
  for (const char* command : {"evaluate", "watch"}) {
    CAPTURE(command);
    const auto refusal = [&](const std::string& policy, const std::string& peer) {
      const Outcome outcome = call({command, policy, "--peer", peer}, with_choice());
      CHECK(outcome.exit_code == 2);
      CHECK(outcome.out.empty());
      return outcome.err;
    };
    CHECK(refusal(file, "2") == fmt::format("sounder: --peer: expected 0 to 1, the peers of {}; got 2\n", file));
    CHECK(refusal(file, "-1").find("--peer") != std::string::npos);
    CHECK(refusal(file, "one").find("--peer") != std::string::npos);
    CHECK(refusal(other, "0").find("is not of peers; leave out --peer\n") != std::string::npos);
    CHECK(call({command, "--help"}).out.find("\n  --peer ") != std::string::npos);
  }
}
