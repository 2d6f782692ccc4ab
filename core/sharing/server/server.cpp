#include "core/sharing/server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "core/checkpoint/contents.h"
#include "core/learning/agent.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::string_view kVersionsName = "shard_versions";
constexpr std::string_view kTargetName = "target";

std::string client_name(std::size_t worker, std::string_view what) {
  return fmt::format("worker{}/{}", worker, what);
}

SharedArray shared_copy(std::span<const float> values) {
  SharedArray copy(values.size());
  copy.store(values);
  return copy;
}

std::vector<float> floats_of(const SharedArray& array) {
  std::vector<float> values(array.size());
  array.load<UpdateCounts<>::kCopyOrder>(values);
  return values;
}

}  // namespace

Server::Server(const TrainConfig& config, const AgentFactory& agents, const ServerSettings& settings)
    : settings_(settings),
      update_(make_update_settings(config)),
      statistic_names_(update_.optimizer.statistic_names()),
      layout_(agents.layout()),
      target_interval_(config.target_interval),
      slices_(slices_of(layout_.size, settings.shards)),
      moments_(layout_),
      clients_(static_cast<std::size_t>(config.workers)),
      view_(layout_.size) {
  const std::vector<float> initial = agents.initial_parameters(static_cast<std::uint64_t>(config.seed));
  moments_.store(initial);
  for (const Slice& slice : slices_) {
    const std::span<const float> parameters = slice.of(std::span(initial));
    shards_.emplace_back(slice.size, update_)
        .store()
        .restore({.parameters = {parameters.begin(), parameters.end()},
                  .statistics = {statistic_names_.size(), std::vector<float>(slice.size)}});
  }
  if (agents.has_target()) {
    target_.emplace(layout_.size, target_interval_);
    target_->refresh(0, [&](std::span<float> out) { pull(out); });
  }
  const BlockSettings blocks = make_block_settings(config);
  if (blocks.partition != BlockPartition::none) {
    blocks_.emplace(
        blocks, layout_,
        SharedBlocks::Workers{.seed = static_cast<std::uint64_t>(config.seed), .first = 0, .count = clients_.size()});
  }
  for (ServerClient& client : clients_) {
    if (settings_.push_every > 1) {
      client.accrued.resize(layout_.size);
      client.accrued_copy = SharedArray(layout_.size);
    }
    if (settings_.fetch_every > 1) client.replica_copy = SharedArray(layout_.size);
  }
}

std::unique_ptr<Port> Server::port(std::size_t worker, const Replica& replica) {
  // Each begins at another shard, so that they seldom wait for each other.
  std::vector<ServerPort::Link> links;
  const std::size_t first = worker * shards_.size() / clients_.size();
  for (std::size_t n = 0; n < shards_.size(); ++n) {
    const std::size_t s = (first + n) % shards_.size();
    links.push_back({.shard = shards_[s], .slice = slices_[s]});
  }
  return std::make_unique<ServerPort>(ServerPort::Parts{.settings = settings_,
                                                        .update = update_,
                                                        .links = std::move(links),
                                                        .moments = moments_,
                                                        .target = target_ ? &*target_ : nullptr,
                                                        .blocks = blocks_ ? &blocks_->schedule(worker) : nullptr,
                                                        .most_ranges = blocks_ ? blocks_->most_ranges() : 0,
                                                        .counts = counts_,
                                                        .client = clients_[worker],
                                                        .first_step = worker == 0 ? 0 : settings_.warm_start,
                                                        .replica = replica});
}

Sharing::Snapshot Server::snapshot() const {
  constexpr int kTries = 1'000;
  Copy copy;
  Snapshot snapshot;
  for (int attempt = 0; attempt < kTries && !snapshot.consistent; ++attempt) {
    const UpdateCounts<>::Copied copied = counts_.contributions.copy([&] {
      copy_shards(copy);
      copy.clients.clear();
      for (std::size_t i = 0; i < clients_.size(); ++i) copy_client(i, copy);
      copy.updates = counts_.updates.load(UpdateCounts<>::kCopyOrder);
    });
    snapshot.step = copied.steps;
    snapshot.consistent = copied.consistent;
  }
  moments_.load(copy.parameters);
  snapshot.parameters = std::move(copy.parameters);
  snapshot.updates = copy.updates;
  for (std::size_t k = 0; k < statistic_names_.size(); ++k) {
    snapshot.tensors.push_back(flat_tensor(statistic_names_[k], std::move(copy.statistics[k])));
  }
  snapshot.tensors.push_back(counts_tensor(std::string(kVersionsName), copy.versions));
  std::ranges::move(copy.clients, std::back_inserter(snapshot.tensors));
  if (target_) {
    // A copy that is due, or was under way, is made here: a run that goes on waits for the next one.
    TargetParameters::Snapshot target = target_->snapshot();
    const bool due = target.next_step <= snapshot.step;
    snapshot.tensors.push_back(
        flat_tensor(std::string(kTargetName), due ? snapshot.parameters : std::move(target.parameters)));
  }
  if (blocks_) blocks_->save("", snapshot.tensors);
  snapshot.tensors.insert(snapshot.tensors.end(), absent_.begin(), absent_.end());
  return snapshot;
}

void Server::restore(const Checkpoint& checkpoint) {
  const std::vector<Tensor>& tensors = checkpoint.statistics;
  const std::vector<float> parameters = flat_parameters(checkpoint, layout_);
  const Shape flat{static_cast<std::int64_t>(layout_.size)};
  const auto updates = static_cast<std::uint64_t>(checkpoint.progress.updates);
  // Of another number of shards: each has had every push, as far as anybody knows.
  std::vector<std::uint64_t> versions(shards_.size(), updates);
  const Tensor* const saved_versions = find_saved(tensors, kVersionsName);
  if (saved_versions != nullptr && saved_versions->doubles.size() == shards_.size()) {
    versions = find_counts(tensors, kVersionsName, shards_.size());
  }
  for (std::size_t s = 0; s < shards_.size(); ++s) {
    const auto part = [&](std::span<const float> whole) {
      const std::span<const float> floats = slices_[s].of(whole);
      return std::vector<float>(floats.begin(), floats.end());
    };
    ParameterStore::Snapshot shard{.parameters = part(parameters), .updates = versions[s]};
    for (const std::string& name : statistic_names_) {
      shard.statistics.push_back(part(find_tensor(tensors, name, flat).values));
    }
    shards_[s].store().restore(shard);
  }
  moments_.store(parameters);
  const std::int64_t step = checkpoint.progress.step;
  counts_.contributions.restore(0, step);
  counts_.updates.store(updates, std::memory_order_relaxed);
  if (target_) {
    target_->restore({.parameters = find_tensor(tensors, kTargetName, flat).values,
                      .next_step = (step / target_interval_ + 1) * target_interval_});
  }
  if (blocks_) blocks_->restore("", tensors, checkpoint.progress.workers.size());
  absent_.clear();
  for (std::size_t i = 0; i < checkpoint.progress.workers.size(); ++i) restore_client(i, tensors);
}

void Server::measure(Measures& measures) const {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t most = 0;
  for (const LocalShard& shard : shards_) {
    const std::uint64_t version = shard.store().updates();
    least = std::min(least, version);
    most = std::max(most, version);
  }
  measures.push_back({.name = "share/version_spread", .unit = "updates", .value = static_cast<double>(most - least)});
  if (blocks_) blocks_->measure(measures);
}

std::span<float> Server::quiescent_view() {
  pull(view_);
  return view_;
}

void Server::replace(std::span<const float> parameters) {
  for (std::size_t s = 0; s < shards_.size(); ++s) shards_[s].store().replace(slices_[s].of(parameters));
  moments_.store(parameters);
  if (target_) {
    target_->restore({.parameters = {parameters.begin(), parameters.end()},
                      .next_step = (step() / target_interval_ + 1) * target_interval_});
  }
  // What clients of a run that was restored had learnt by themselves belongs to other parameters.
  for (ServerClient& client : clients_) client.stepped.store(false, std::memory_order_relaxed);
}

void Server::pull(std::span<float> out) const noexcept {
  for (std::size_t s = 0; s < shards_.size(); ++s) shards_[s].store().pull(slices_[s].of(out));
  moments_.load(out);
}

void Server::copy_shards(Copy& copy) const {
  copy.parameters.resize(layout_.size);
  copy.statistics.assign(statistic_names_.size(), std::vector<float>(layout_.size));
  copy.versions.clear();
  for (std::size_t s = 0; s < shards_.size(); ++s) {
    const ParameterStore::Snapshot shard = shards_[s].store().snapshot();
    std::ranges::copy(shard.parameters, slices_[s].of(std::span(copy.parameters)).begin());
    for (std::size_t k = 0; k < shard.statistics.size(); ++k) {
      std::ranges::copy(shard.statistics[k], slices_[s].of(std::span(copy.statistics[k])).begin());
    }
    copy.versions.push_back(shard.updates);
  }
}

void Server::copy_client(std::size_t worker, Copy& copy) const {
  constexpr auto kOrder = UpdateCounts<>::kCopyOrder;
  const ServerClient& client = clients_[worker];
  if (!counts_rollouts(client)) return;
  const std::uint64_t accrued = client.accrued_rollouts.load(kOrder);
  copy.clients.push_back(
      counts_tensor(client_name(worker, "rollouts"), std::array{client.rollouts.load(kOrder), accrued}));
  if (accrued > 0) {
    copy.clients.push_back(flat_tensor(client_name(worker, "accrued"), floats_of(client.accrued_copy)));
  }
  if (client.stepped.load(kOrder)) {
    copy.clients.push_back(flat_tensor(client_name(worker, "replica"), floats_of(client.replica_copy)));
  }
}

void Server::restore_client(std::size_t worker, const std::vector<Tensor>& tensors) {
  const Tensor* const rollouts = find_saved(tensors, client_name(worker, "rollouts"));
  const Tensor* const accrued = find_saved(tensors, client_name(worker, "accrued"));
  const Tensor* const replica = find_saved(tensors, client_name(worker, "replica"));
  if (rollouts == nullptr) return;
  if (worker >= clients_.size()) {
    for (const Tensor* tensor : {rollouts, accrued, replica}) {
      if (tensor != nullptr) absent_.push_back(*tensor);
    }
    return;
  }
  const Shape flat{static_cast<std::int64_t>(layout_.size)};
  const std::vector<std::uint64_t> counts = find_counts(tensors, rollouts->name, 2);
  ServerClient& client = clients_[worker];
  client.rollouts.store(counts[0], std::memory_order_relaxed);
  client.accrued_rollouts.store(counts[1], std::memory_order_relaxed);
  if (counts[1] > 0) {
    const std::vector<float>& sum = find_tensor(tensors, client_name(worker, "accrued"), flat).values;
    client.accrued.assign(sum.begin(), sum.end());
    client.accrued_copy = shared_copy(sum);
  }
  if (replica != nullptr && settings_.fetch_every > 1) {
    client.replica_copy = shared_copy(find_tensor(tensors, replica->name, flat).values);
    client.stepped.store(true, std::memory_order_relaxed);
  }
}

bool Server::counts_rollouts(const ServerClient& client) const noexcept {
  return settings_.fetch_every > 1 || settings_.push_every > 1 || !client.accrued.empty();
}

std::unique_ptr<Sharing> make_server(const TrainConfig& config, const AgentFactory& agents) {
  return std::make_unique<Server>(config, agents,
                                  ServerSettings{.shards = static_cast<std::size_t>(config.shards),
                                                 .fetch_every = static_cast<std::uint64_t>(config.fetch_every),
                                                 .push_every = static_cast<std::uint64_t>(config.push_every),
                                                 .warm_start = config.warm_start});
}

}  // namespace sounder
