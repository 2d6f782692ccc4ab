#include "apps/library/pretrained.h"

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/contents.h"
#include "core/running/run_checkpoints.h"
#include "core/space_json.h"
#include "envs/error.h"
#include "envs/program.h"

namespace sounder {

std::vector<float> read_parameters(const std::filesystem::path& run_or_checkpoint, const AgentFactory& agents,
                                   const EnvironmentSpec& spec) {
  const std::filesystem::path file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best);
  const Checkpoint checkpoint = load_checkpoint(file);
  const auto refuse = [&](std::string_view what, const std::string& expected, const std::string& got) {
    throw UsageError(fmt::format("{}: expected the {} of this training, {}; {} has {}", setting_name("init_from"), what,
                                 expected, file.string(), got));
  };
  if (checkpoint.network != agents.description()) refuse("network", agents.description(), checkpoint.network);
  if (!checkpoint.spaces.empty()) {
    const Space actions = parse_spaces(checkpoint.spaces, file.string()).action;
    const Space expected = spec.bare_spaces().action;
    if (!equal_but_for_bounds(expected, actions)) refuse("action space", describe(expected), describe(actions));
  }
  return flat_parameters(checkpoint, agents.layout());
}

}  // namespace sounder
