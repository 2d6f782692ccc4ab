#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/aligned_floats.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/named.h"
#include "core/sharing/sharing.h"

namespace sounder::benchmark {

/// The sharing schemes that are measured, and the keys that select each. The only list of them.
inline constexpr auto kSchemes = std::to_array<Named<std::string_view>>({
    {"hogwild", ""},
    {"server", "sharing = 'server'"},
    {"server 4 shards", "sharing = 'server'\nshards = 4"},
    {"server every 4", "sharing = 'server'\npush_every = 4\nfetch_every = 4"},
    {"gala ring", "sharing = 'peers'"},
    {"next ring", "sharing = 'peers'\ntracking = 'gradient'"},
    {"one neuron", "blocks = 'neuron'\nblock_choice = 'random'\nblocks_per_update = 1"},
    {"half the neurons", "blocks = 'neuron'\nblock_choice = 'random'\nblock_rates = '*=0.5'"},
});

/// The name of the scheme that trainings have unless others are compared.
inline constexpr std::string_view kDefaultScheme = kSchemes.front().name;

/// Sets the keys of a scheme. Throws UsageError for a name that is not in the table.
void apply_scheme(std::string_view name, TrainConfig& config);

/// A new sharing scheme with its workers, all on one thread. Each worker always gives the same small gradient, of one
/// step, at a learning rate that barely moves the parameters.
class SchemeWorkers {
 public:
  /// Peers are `kPeers`, each with one worker; other schemes have one worker. The agents must outlive this object.
  /// Throws as make_sharing() does.
  SchemeWorkers(TrainConfig config, const AgentFactory& agents);

  static constexpr std::int64_t kPeers = 4;

  std::size_t size() const noexcept { return ports_.size(); }

  /// Fetches what the scheme has, also if the worker has it already.
  Fetched fetch_anew(std::size_t worker);
  Fetched fetch(std::size_t worker) { return ports_[worker]->fetch(); }
  Given give(std::size_t worker);

 private:
  std::unique_ptr<Sharing> sharing_;
  std::vector<AlignedFloats> replicas_;
  std::vector<AlignedFloats> targets_;  // of agents that have no target parameters, empty ones
  AlignedFloats gradient_;
  double norm_;
  std::vector<std::unique_ptr<Port>> ports_;
};

/// Seconds per call and worker.
struct SchemeSample {
  double fetch;     ///< of everything
  double give;      ///< without a fetch
  double exchange;  ///< a give and the next fetch, as after every rollout
};

/// Measures a scheme's operations for at least `seconds` each. The workers take turns, so that peers find the messages
/// of their neighbours, and rounds are complete.
SchemeSample measure_scheme(std::string_view name, const TrainConfig& config, const AgentFactory& agents,
                            double seconds);

}  // namespace sounder::benchmark
