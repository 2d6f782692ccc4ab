#include "core/episode_mailbox.h"

namespace sounder {

void EpisodeMailbox::add(const EpisodeRecord& episode) {
  kept_.push_back(episode);
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) {
    handed_over_.insert(handed_over_.end(), kept_.begin(), kept_.end());
    kept_.clear();
  }
}

void EpisodeMailbox::flush() {
  const std::lock_guard lock(mutex_);
  handed_over_.insert(handed_over_.end(), kept_.begin(), kept_.end());
  kept_.clear();
}

void EpisodeMailbox::collect(std::vector<EpisodeRecord>& episodes) {
  const std::lock_guard lock(mutex_);
  episodes.insert(episodes.end(), handed_over_.begin(), handed_over_.end());
  handed_over_.clear();
}

}  // namespace sounder
