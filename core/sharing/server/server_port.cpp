#include "core/sharing/server/server_port.h"

#include <algorithm>

#include "core/sharing/store/update_kernels.h"

namespace sounder {
namespace {

// A client's numbers are its own thread's: what others read of them is ordered by UpdateCounts.
constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

Fetched ServerPort::fetch() {
  Fetched fetched{.parameters = true, .target = false, .step = parts_.counts.contributions.steps()};
  const bool due = parts_.client.rollouts.load(kRelaxed) % parts_.settings.fetch_every == 0;
  if (due || !fetched_) {
    fetch_shards(parts_.replica.parameters,
                 [&](std::size_t link, std::uint64_t version) { versions_[link] = version; });
    // A run that was resumed between two fetches goes on with the replica that it had.
    if (!due && parts_.client.stepped.load(kRelaxed)) parts_.client.replica_copy.load(parts_.replica.parameters);
    fetched_ = true;
    fetched.bytes += static_cast<std::int64_t>(parts_.replica.parameters.size_bytes());
  }
  const std::int64_t target_bytes = target_.fetch();
  fetched.target = target_bytes > 0;
  fetched.bytes += target_bytes;
  return fetched;
}

Given ServerPort::give(const Contribution& contribution) {
  ServerClient& client = parts_.client;
  const float learning_rate = parts_.update.schedule.at(parts_.counts.contributions.steps());
  const float scale = parts_.update.clip(contribution.norm);
  const std::uint64_t rollouts = client.rollouts.load(kRelaxed) + 1;
  const bool push_due = rollouts % parts_.settings.push_every == 0;
  const bool fetch_next = rollouts % parts_.settings.fetch_every == 0;

  parts_.counts.contributions.begin();
  Given given{.step = 0};
  client.rollouts.store(rollouts, kRelaxed);
  client.stepped.store(contribution.usable && !fetch_next, kRelaxed);
  if (contribution.usable && !fetch_next) step_locally(contribution.gradient, learning_rate * scale);
  if (!contribution.usable) {
    fetched_ = false;
  } else if (client.accrued.empty()) {
    given = push(
        {.gradient = contribution.gradient, .scale = scale, .norm = contribution.norm, .learning_rate = learning_rate});
  } else {
    accrue(contribution.gradient, scale);
  }
  if (client.accrued_rollouts.load(kRelaxed) > 0) {
    if (push_due) {
      given = push_accrued(learning_rate);
    } else {
      client.accrued_copy.store(client.accrued);
    }
  }
  parts_.counts.contributions.end(contribution.steps);

  given.step = parts_.counts.contributions.steps();
  if (parts_.target != nullptr) {
    parts_.target->refresh(given.step,
                           [&](std::span<float> out) { fetch_shards(out, [](std::size_t, std::uint64_t) {}); });
  }
  return given;
}

Given ServerPort::push(const Update& update) noexcept {
  std::span<const UpdateRange> ranges;  // empty: everything
  if (parts_.blocks != nullptr) {
    const auto selected = parts_.blocks->select(update.gradient);
    if (!selected) return {.step = 0};  // no block has an update due
    ranges = *selected;
  }
  std::uint64_t staleness = 0;
  std::uint64_t shards = 0;
  for (std::size_t i = 0; i < parts_.links.size(); ++i) {
    const Link& link = parts_.links[i];
    select_within(link.slice, ranges);
    if (!ranges.empty() && slice_ranges_.empty()) continue;
    staleness += link.shard.push({.gradient = link.slice.of(update.gradient),
                                  .scale = update.scale,
                                  .learning_rate = update.learning_rate,
                                  .version = versions_[i],
                                  .ranges = slice_ranges_});
    ++versions_[i];
    ++shards;
  }
  std::size_t floats = ranges.empty() ? update.gradient.size() : 0;
  for (const UpdateRange& range : ranges) floats += range.end - range.begin;
  parts_.counts.updates.fetch_add(1, kRelaxed);
  return {.step = 0,
          .updates = 1,
          .staleness = staleness / shards,
          .gradient_norm = update.norm,
          .bytes = static_cast<std::int64_t>(floats * sizeof(float))};
}

void ServerPort::select_within(const Slice& slice, std::span<const UpdateRange> ranges) noexcept {
  slice_ranges_.clear();
  for (const UpdateRange& range : ranges) {
    const std::size_t begin = std::max(range.begin, slice.begin);
    const std::size_t end = std::min(range.end, slice.begin + slice.size);
    if (begin >= end) continue;
    slice_ranges_.push_back({.begin = begin - slice.begin, .end = end - slice.begin, .rate = range.rate});
  }
}

Given ServerPort::push_accrued(float learning_rate) noexcept {
  ServerClient& client = parts_.client;
  // Finite: so many clipped gradients stay far from the largest float.
  const double norm = update_kernels().norm(client.accrued);
  const Given given = push({.gradient = client.accrued, .norm = norm, .learning_rate = learning_rate});
  std::ranges::fill(client.accrued, 0.0F);
  client.accrued_rollouts.store(0, kRelaxed);
  return given;
}

void ServerPort::accrue(std::span<const float> gradient, float scale) noexcept {
  AlignedFloats& accrued = parts_.client.accrued;
  for (std::size_t i = 0; i < accrued.size(); ++i) accrued[i] += scale * gradient[i];
  std::atomic<std::uint64_t>& rollouts = parts_.client.accrued_rollouts;
  rollouts.store(rollouts.load(kRelaxed) + 1, kRelaxed);
}

void ServerPort::step_locally(std::span<const float> gradient, float rate) noexcept {
  const std::span<float> replica = parts_.replica.parameters;
  for (std::size_t i = 0; i < replica.size(); ++i) replica[i] -= rate * gradient[i];
  parts_.client.replica_copy.store(replica);
}

template <class Keep>
void ServerPort::fetch_shards(std::span<float> parameters, Keep keep_version) noexcept {
  for (std::size_t i = 0; i < parts_.links.size(); ++i) {
    keep_version(i, parts_.links[i].shard.fetch(parts_.links[i].slice.of(parameters)));
  }
  parts_.moments.load(parameters);
}

}  // namespace sounder
