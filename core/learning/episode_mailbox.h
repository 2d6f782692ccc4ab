#pragma once

#include <vector>

#include "core/metrics/records.h"
#include "core/mutex.h"

namespace sounder {

/// Hands a worker's finished episodes to the trainer. Adding one never waits: where the trainer is just collecting, the
/// episodes stay with the worker until the next time.
class EpisodeMailbox {
 public:
  /// Worker's thread: adds an episode, and hands over what it can without waiting.
  void add(const EpisodeRecord& episode);
  /// Worker's thread: hands over everything, waiting for the trainer where it must (for the time of a swap).
  void flush();
  /// Trainer's thread: appends what was handed over.
  void collect(std::vector<EpisodeRecord>& episodes);

 private:
  void hand_over() SOUNDER_THREADS(requires_capability(mutex_));

  std::vector<EpisodeRecord> kept_;  // the worker's alone
  Mutex mutex_;
  std::vector<EpisodeRecord> handed_over_ SOUNDER_THREADS(guarded_by(mutex_));
};

}  // namespace sounder
