#include "core/learning/episode_mailbox.h"

namespace sounder {

void EpisodeMailbox::add(const EpisodeRecord& episode) {
  kept_.push_back(episode);
  if (mutex_.try_lock()) {
    const MutexLock lock(mutex_, std::adopt_lock);
    hand_over();
  }
}

void EpisodeMailbox::flush() {
  const MutexLock lock(mutex_);
  hand_over();
}

void EpisodeMailbox::collect(std::vector<EpisodeRecord>& episodes) {
  const MutexLock lock(mutex_);
  episodes.insert(episodes.end(), handed_over_.begin(), handed_over_.end());
  handed_over_.clear();
}

void EpisodeMailbox::hand_over() {
  handed_over_.insert(handed_over_.end(), kept_.begin(), kept_.end());
  kept_.clear();
}

}  // namespace sounder
