#include "agents/log_std.h"

#include "tests/catch.h"

namespace sounder {
namespace {

TEST_CASE("a parameter is log s unchanged, within bounds beyond which it has no gradient") {
  const LogStd as_it_stands;
  for (const float output : {-20.0F, -3.5F, 0.0F, 20.0F}) {
    CHECK(as_it_stands(output).log_s == output);
    CHECK(as_it_stands(output).slope == 1);
  }
  CHECK(as_it_stands(21).log_s == 20);
  CHECK(as_it_stands(21).slope == 0);
  CHECK(as_it_stands(-21).log_s == -20);
  CHECK(as_it_stands(-21).slope == 0);
}

TEST_CASE("an output of a network is slowed and softly bounded around its start") {
  const LogStd soft = LogStd::softly_bounded(-1);
  CHECK(soft(-1).log_s == -1);
  CHECK(soft(-1).slope == 0.25F);
  // z = 0.25 (3 + 1) / 1 = 1: half of the way to 0, at a quarter of the slope.
  CHECK(soft(3).log_s == -0.5F);
  CHECK(soft(3).slope == 0.0625F);
  // z = 0.25 (-21 + 1) / 5 = -1: half of the way to -6.
  CHECK(soft(-21).log_s == -3.5F);
  CHECK(soft(-21).slope == 0.0625F);
  // However far away, it stays within the bounds and has a gradient that leads back.
  CHECK(soft(1e6F).log_s == Approx(0).margin(1e-5));
  CHECK(soft(-1e6F).log_s == Approx(-6).epsilon(1e-4));
  CHECK(soft(1e6F).slope > 0);
  CHECK(soft(-1e6F).slope > 0);
}

}  // namespace
}  // namespace sounder
