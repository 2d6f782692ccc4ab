#pragma once

#include <vector>

#include "core/metrics/records.h"
#include "core/mutex.h"

namespace sounder {

/// Passes a worker's finished episodes to the trainer. add() never waits: while the trainer is collecting, episodes
/// stay with the worker until the next call.
class EpisodeMailbox {
 public:
  /// Worker's thread: adds an episode and hands over all pending ones if that is possible without waiting.
  void add(const EpisodeRecord& episode);
  /// Worker's thread: hands over all pending episodes. Waits for the trainer if necessary, at most for a swap.
  void flush();
  /// Trainer's thread: appends the episodes that were handed over.
  void collect(std::vector<EpisodeRecord>& episodes);

 private:
  void hand_over() SOUNDER_THREADS(requires_capability(mutex_));

  std::vector<EpisodeRecord> kept_;  // pending; used by the worker only
  Mutex mutex_;
  std::vector<EpisodeRecord> handed_over_ SOUNDER_THREADS(guarded_by(mutex_));
};

}  // namespace sounder
