#include "core/sharing/server/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <variant>

#include "envs/error.h"

namespace sounder {

std::vector<Slice> slices_of(std::size_t size, std::size_t shards) {
  assert(shards > 0);
  const std::size_t blocks = (size + kBlockFloats - 1) / kBlockFloats;
  if (shards > blocks) {
    throw UsageError(fmt::format(
        "shards: expected at most {}, the number of cache lines of the network's {} parameters, got {}; take fewer",
        blocks, size, shards));
  }
  const auto begin = [&](std::size_t shard) { return std::min(shard * blocks / shards * kBlockFloats, size); };
  std::vector<Slice> slices;
  for (std::size_t s = 0; s < shards; ++s) slices.push_back({.begin = begin(s), .size = begin(s + 1) - begin(s)});
  return slices;
}

std::uint64_t LocalShard::push(const Push& push) noexcept {
  // As it is before the lock: updates that complete before this one begins come too late.
  const float rate_factor = update_.rate_factor(store_.updates() - push.version);
  return std::visit(
      [&](const auto& rule) {
        return store_
            .push({.gradient = push.gradient,
                   .scale = push.scale,
                   .learning_rate = rate_factor * push.learning_rate,
                   .steps = 0,  // the server counts them
                   .version = push.version,
                   .ranges = push.ranges},
                  rule)
            .staleness;
      },
      update_.optimizer.rule);
}

}  // namespace sounder
