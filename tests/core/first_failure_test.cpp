#include "core/first_failure.h"

#include <stdexcept>

#include "envs/error.h"
#include "tests/catch.h"

namespace sounder {
namespace {

template <class Thrown>
void fail(FirstFailure& failure, const char* where, const Thrown& thrown) {
  try {
    throw thrown;
  } catch (...) {
    failure.keep(where);
  }
}

TEST_CASE("the first failure is kept, as it was thrown if it is ours") {
  FirstFailure failure;
  CHECK_FALSE(failure.any());
  failure.rethrow();
  fail(failure, "worker 0", UsageError("expected more"));
  fail(failure, "worker 1", Error("came later"));
  CHECK(failure.any());
  CHECK_THROWS_AS(failure.rethrow(), UsageError);
  CHECK_THROWS_WITH(failure.rethrow(), "expected more");
}

TEST_CASE("a failure from elsewhere says where it came from, in a line, and keeps the original nested") {
  FirstFailure failure;
  fail(failure, "worker 3", std::runtime_error("it broke\nframe 0\nframe 1"));
  CHECK_THROWS_WITH(failure.rethrow(), "worker 3: it broke");
  try {
    failure.rethrow();
  } catch (const Error& error) {
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::runtime_error);
  }
  FirstFailure number;
  fail(number, "worker 4", 7);
  CHECK_THROWS_WITH(number.rethrow(), "worker 4: something was thrown that is no std::exception");
}

}  // namespace
}  // namespace sounder
