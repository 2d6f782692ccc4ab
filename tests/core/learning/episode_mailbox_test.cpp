#include "core/learning/episode_mailbox.h"

#include "tests/catch.h"

namespace sounder {
namespace {

TEST_CASE("a mailbox passes on all episodes in their order") {
  EpisodeMailbox mailbox;
  std::vector<EpisodeRecord> collected;
  mailbox.collect(collected);
  CHECK(collected.empty());
  for (int i = 0; i < 3; ++i) mailbox.add({.step = i});
  mailbox.collect(collected);
  mailbox.add({.step = 3});
  mailbox.flush();
  mailbox.collect(collected);
  mailbox.collect(collected);
  REQUIRE(collected.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(collected[i].step == static_cast<std::int64_t>(i));
}

}  // namespace
}  // namespace sounder
