#include "core/sharing/hogwild/hogwild.h"

#include "core/checkpoint/contents.h"
#include "core/learning/agent.h"

namespace sounder {

Hogwild::Hogwild(const TrainConfig& config, const AgentFactory& agents, const UpdateSettings& update)
    : layout_(agents.layout()),
      group_({.update = update,
              .blocks = make_block_settings(config),
              .seed = static_cast<std::uint64_t>(config.seed),
              .write_mode = find_named(kWriteModes, "write_mode", config.write_mode),
              .workers = static_cast<std::size_t>(config.workers),
              .target_interval = config.target_interval},
             agents, agents.initial_parameters(static_cast<std::uint64_t>(config.seed))) {}

std::unique_ptr<Port> Hogwild::port(std::size_t worker, const Replica& replica) {
  return std::make_unique<HogwildPort>(group_.port_parts(worker, replica));
}

void Hogwild::restore(const Checkpoint& checkpoint) {
  group_.restore({.parameters = flat_parameters(checkpoint, layout_),
                  .step = checkpoint.progress.step,
                  .updates = static_cast<std::uint64_t>(checkpoint.progress.updates),
                  .workers = checkpoint.progress.workers.size(),
                  .tensors = checkpoint.statistics});
}

void Hogwild::measure(Measures& measures) const {
  const HogwildGroup* const all = &group_;
  HogwildGroup::measure({&all, 1}, measures);
}

}  // namespace sounder
