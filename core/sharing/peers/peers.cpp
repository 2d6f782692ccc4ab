#include "core/sharing/peers/peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/checkpoint/contents.h"
#include "core/metrics/records.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// The mean in double.
std::vector<double> exact_mean(std::span<const std::vector<float>> peers) {
  std::vector<double> mean(peers.front().size());
  for (const std::vector<float>& peer : peers) {
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += static_cast<double>(peer[i]);
  }
  for (double& number : mean) number /= static_cast<double>(peers.size());
  return mean;
}

}  // namespace

std::size_t peer_count(const TrainConfig& config) {
  const std::int64_t peers = config.peers > 0 ? config.peers : config.workers;
  if (config.workers % peers == 0) return static_cast<std::size_t>(peers);
  throw UsageError(fmt::format("peers: expected a divisor of workers = {}, got {}; take another number of either",
                               config.workers, peers));
}

std::size_t workers_per_peer(const TrainConfig& config) {
  return static_cast<std::size_t>(config.workers) / peer_count(config);
}

std::string peer_tensor_name(std::size_t peer, std::string_view what) {
  return fmt::format("peer{}/{}", peer, what);
}

std::size_t saved_peers(const Checkpoint& checkpoint) {
  const auto saved = [&](std::size_t peer) {
    return std::ranges::count(checkpoint.statistics, peer_tensor_name(peer, "parameters"), &Tensor::name) > 0;
  };
  std::size_t peers = 0;
  while (saved(peers)) ++peers;
  return peers;
}

void check_peers(const Checkpoint& checkpoint, std::size_t peers) {
  const std::size_t saved = saved_peers(checkpoint);
  if (saved == peers) return;
  if (saved == 0) {
    throw Error(
        "the checkpoint is not of peers: it has no tensor 'peer0/parameters'; use the configuration it was made with");
  }
  throw Error(fmt::format("peers: expected {}, as in the run, got {}; train a new run to change it", saved, peers));
}

void require_peer(const Checkpoint& checkpoint, std::optional<std::int64_t> peer, std::string_view file) {
  if (!peer) return;
  const auto peers = static_cast<std::int64_t>(saved_peers(checkpoint));
  if (peers == 0) throw UsageError(fmt::format("{} is not of peers; ask for none", file));
  if (*peer >= 0 && *peer < peers) return;
  throw UsageError(fmt::format("expected a peer from 0 to {}, those of {}; got {}", peers - 1, file, *peer));
}

std::vector<float> policy_parameters(const Checkpoint& checkpoint, const ParameterLayout& layout,
                                     std::optional<std::int64_t> peer) {
  if (!peer) return flat_parameters(checkpoint, layout);
  const std::string name = peer_tensor_name(static_cast<std::size_t>(*peer), "parameters");
  return find_tensor(checkpoint.statistics, name, {static_cast<std::int64_t>(layout.size)}).values;
}

std::vector<float> mean_of(std::span<const std::vector<float>> peers) {
  const std::vector<double> mean = exact_mean(peers);
  std::vector<float> floats(mean.size());
  std::ranges::transform(mean, floats.begin(), [](double number) { return static_cast<float>(number); });
  return floats;
}

double disagreement(std::span<const std::vector<float>> peers) {
  const std::vector<double> mean = exact_mean(peers);
  double norm = 0;  // square
  for (const double number : mean) norm += number * number;
  double largest = 0;  // square
  for (const std::vector<float>& peer : peers) {
    double distance = 0;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      const double difference = static_cast<double>(peer[i]) - mean[i];
      distance += difference * difference;
    }
    largest = std::max(largest, distance);
  }
  if (largest == 0) return 0;
  return norm == 0 ? kNotMeasured : std::sqrt(largest / norm);
}

}  // namespace sounder
