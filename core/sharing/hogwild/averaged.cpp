#include "core/sharing/hogwild/averaged.h"

#include <fmt/format.h>

#include <cmath>

#include "core/learning/agent.h"
#include "core/sharing/store/update_kernels.h"
#include "envs/error.h"

namespace sounder {
namespace {

UpdateSettings with_shared_statistics(UpdateSettings update) {
  update.optimizer.owner = StatisticsOwner::shared;
  return update;
}

}  // namespace

Given AveragedPort::give(const Contribution& contribution) {
  const std::int64_t steps = contribution.steps;
  const auto average = pool_.add({.gradient = contribution.usable ? contribution.gradient : std::span<const float>(),
                                  .scale = shared_.rate_factor(),
                                  .version = shared_.version(),
                                  .steps = steps},
                                 contribution.gradient);
  const auto bytes = static_cast<std::int64_t>(contribution.usable ? contribution.gradient.size_bytes() : 0);
  const auto with_own = [&](Given given) {
    given.bytes += bytes;
    return given;
  };
  if (!average || average->gradients == 0) return with_own(shared_.skip(steps));
  const double average_norm = update_kernels().norm(contribution.gradient);
  if (!std::isfinite(average_norm)) {  // gradients that are may have a sum that is not
    Given given = shared_.skip(steps);
    given.gradient_norm = average_norm;
    given.dropped = true;
    return with_own(given);
  }
  return with_own(shared_.push({.gradient = contribution.gradient,
                                .norm = average_norm,
                                .version = average->version,
                                .steps = steps,
                                .before = average->steps - steps}));
}

Averaged::Averaged(const TrainConfig& config, const AgentFactory& agents, const Settings& settings)
    : Hogwild(config, agents, with_shared_statistics(make_update_settings(config))), pace_(settings.pace) {
  const BlockSettings blocks = make_block_settings(config);
  if (blocks.partition != BlockPartition::none && blocks.choice == BlockChoice::owner) {
    throw UsageError(
        "block_choice 'owner' takes updates that are a worker's own; these are averages of several workers' gradients; "
        "try block_choice = cyclic");
  }
  if (settings.gradients > 1) pool_.emplace(agents.layout().size, settings.gradients);
}

std::unique_ptr<Port> Averaged::port(std::size_t worker, const Replica& replica) {
  if (!pool_) return Hogwild::port(worker, replica);
  return std::make_unique<AveragedPort>(group().port_parts(worker, replica), *pool_);
}

std::unique_ptr<Sharing> make_averaged(const TrainConfig& config, const AgentFactory& agents) {
  const auto gradients = static_cast<std::size_t>(config.gradients_per_update);
  return std::make_unique<Averaged>(config, agents, Averaged::Settings{.gradients = gradients, .pace = Pace::free});
}

std::unique_ptr<Sharing> make_rounds(const TrainConfig& config, const AgentFactory& agents) {
  if (config.gradients_per_update != 1) {
    throw UsageError(
        fmt::format("algorithm '{}' averages the gradients of all workers; expected gradients_per_update = "
                    "1, got {}; leave it out",
                    config.algorithm, config.gradients_per_update));
  }
  const auto gradients = static_cast<std::size_t>(config.workers);
  return std::make_unique<Averaged>(config, agents, Averaged::Settings{.gradients = gradients, .pace = Pace::rounds});
}

}  // namespace sounder
