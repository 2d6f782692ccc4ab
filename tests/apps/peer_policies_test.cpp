#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/algorithms.h"
#include "agents/policy.h"
#include "apps/export/exported_policy.h"
#include "apps/export/policy_tensors.h"
#include "apps/library/evaluation.h"
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

TEST_CASE("A policy acts, and is exported, as the peer that is asked for, and otherwise as what acts") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  save_peers(file, folder);
  const std::string header = (folder.path() / "policy.h").string();
  for (const std::optional<std::int64_t> peer : {std::optional<std::int64_t>(), {0}, {1}}) {
    const std::int64_t preferred = peer.value_or(2);
    CAPTURE(preferred);
    sounder::Policy policy = sounder::Policy::load(file, {.peer = peer});
    CHECK(std::get<std::int64_t>(policy.act(std::vector<float>{0})) == preferred);
    const sounder::ExportedPolicy exported =
        sounder::load_for_export(file, sounder::Networks::with_builtins(), sounder::Algorithms::with_builtins(), peer);
    CHECK(exported.parameters == preferring(policy.checkpoint(), static_cast<std::size_t>(preferred)));
    const auto metadata = sounder::policy_metadata(exported);
    CHECK((metadata.back() == std::pair<std::string, std::string>("peer", std::to_string(preferred))) ==
          peer.has_value());
    const std::string alone = (folder.path() / "alone.safetensors").string();
    policy.save(alone);
    CHECK(std::get<std::int64_t>(sounder::Policy::load(alone).act(std::vector<float>{0})) == preferred);
    CHECK(sounder::evaluate(policy, with_choice(), {.episodes = 1}).summary.mean ==
          3.0 * static_cast<double>(preferred));
    Arguments arguments{"export", file, "-o", header};
    if (peer) arguments.insert(arguments.end(), {"--peer", std::to_string(*peer)});
    const Outcome outcome = call(arguments);
    CHECK(outcome.exit_code == 0);
    const std::string named = peer ? fmt::format(", peer {}", *peer) : "";
    CHECK(outcome.err.find(fmt::format("{} (", named)) != std::string::npos);
    CHECK(outcome.err.find(", peer") == (peer ? outcome.err.find(named) : std::string::npos));
    CHECK((sounder::testing::read(header).find(named + ".\n") != std::string::npos));
    CHECK((sounder::testing::read(header).find(", peer") != std::string::npos) == peer.has_value());
  }
  CHECK_THROWS_AS(sounder::Policy::load(file, {.peer = 2}), sounder::UsageError);
  CHECK_THROWS_AS(sounder::Policy::load(file, {.peer = -1}), sounder::UsageError);
  CHECK_THROWS_AS(sounder::Policy(sounder::load_checkpoint(file), {.peer = 2}), sounder::UsageError);
}

TEST_CASE("A peer's parameters of a wrong size are an error") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  save_peers(file, folder);
  sounder::Checkpoint checkpoint = sounder::load_checkpoint(file);
  const auto tensor = std::ranges::find(checkpoint.statistics, "peer1/parameters", &sounder::Tensor::name);
  tensor->values.pop_back();
  --tensor->shape[0];
  save_checkpoint(file, checkpoint);
  for (const char* command : {"evaluate", "watch", "act"}) {
    const Outcome outcome = call({command, file, "--peer", "1"}, with_choice());
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err.find("peer1/parameters") != std::string::npos);
  }
}

TEST_CASE("A peer that a run does not have is refused, with those that it has") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  save_peers(file, folder);
  const std::string other = (folder.path() / "other").string();
  REQUIRE(call({"train", "CartPole-v1", "--steps", "100", "--evaluation-episodes", "1", "--run", other}).exit_code ==
          0);
  for (const char* command : {"evaluate", "watch", "act", "export"}) {
    CAPTURE(command);
    const auto refusal = [&](const std::string& policy, const std::string& peer) {
      Arguments arguments{command, policy, "--peer", peer};
      if (std::string_view(command) == "export") arguments.insert(arguments.end(), {"-o", "policy.h"});
      const Outcome outcome = call(arguments, with_choice());
      CHECK(outcome.exit_code == 2);
      CHECK(outcome.out.empty());
      return outcome.err;
    };
    CHECK(refusal(file, "2") == fmt::format("sounder: expected a peer from 0 to 1, those of {}; got 2\n", file));
    CHECK(refusal(file, "-1").find("--peer") != std::string::npos);
    CHECK(refusal(file, "one").find("--peer") != std::string::npos);
    CHECK(refusal(other, "0").find("is not of peers; ask for none\n") != std::string::npos);
    CHECK(call({command, "--help"}).out.find("\n  --peer ") != std::string::npos);
  }
}
