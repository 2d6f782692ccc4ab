#include "core/remote/processors.h"

#include <unistd.h>

#include <optional>

#include "tests/catch.h"

using sounder::remote::ProcessorClaims;

namespace {

/// Of two processors, by a name that nobody else claims.
ProcessorClaims::Wanted wanted(std::size_t threads) {
  return {.threads = threads, .allowed = {3, 7}, .name = "sounder/test/" + std::to_string(::getpid())};
}

using Processors = std::vector<int>;

}  // namespace

TEST_CASE("trainers side by side are bound to different processors, as long as there are some") {
  std::optional<ProcessorClaims> first(wanted(1));
  const ProcessorClaims second(wanted(1));
  CHECK(first->processors() == Processors{3});
  CHECK(second.processors() == Processors{7});
  first.reset();
  CHECK(ProcessorClaims(wanted(1)).processors() == Processors{3});
}

TEST_CASE("where there are more threads than processors, these have equally many of all trainers together") {
  const ProcessorClaims first(wanted(3));
  CHECK(first.processors() == Processors{3, 7, 3});
  CHECK(ProcessorClaims(wanted(4)).processors() == Processors{7, 3, 7, 3});
}

TEST_CASE("no processor is claimed for no thread, nor where none is allowed") {
  CHECK(ProcessorClaims(wanted(0)).processors().empty());
  CHECK(ProcessorClaims({.threads = 2, .allowed = {}}).processors().empty());
}
