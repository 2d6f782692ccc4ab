#include "core/sharing/blocks/rates.h"

#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/sharing/blocks/layouts.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Rates = std::vector<double>;

Rates rates(const std::string& text, BlockPartition partition = BlockPartition::tensor) {
  const ParameterLayout layout = layout_of({{"body.0.weight", {2, 2}},
                                            {"body.0.bias", {2}},
                                            {"body.10.weight", {1, 2}},
                                            {"body.10.bias", {1}},
                                            {"log_std", {1}}});
  return block_rates(text, partition_parameters(layout, partition));
}

}  // namespace

TEST_CASE("the first glob that matches gives a block's rate, and without one it is 1") {
  CHECK(rates("") == Rates{1, 1, 1, 1, 1});
  CHECK(rates("body.*=0.25") == Rates{0.25, 0.25, 0.25, 0.25, 1});
  CHECK(rates("body.0.*=0;*.bias=1e-3;b*=0.5;*=0.125") == Rates{0, 0, 0.5, 0.001, 0.125});
  CHECK(rates("body.?.weight=0.5") == Rates{0.5, 1, 1, 1, 1});
  CHECK(rates("body.[12]*=0.5") == Rates{1, 1, 0.5, 0.5, 1});
  CHECK(rates("*=0.5;log_std=1") == Rates(5, 0.5));
}

TEST_CASE("layers and neurons have the rate of their tensors") {
  CHECK(rates("body.0.*=0.5", BlockPartition::layer) == Rates{0.5, 1, 1});
  CHECK(rates("body.0.*=0.5", BlockPartition::neuron) == Rates{0.5, 0.5, 1, 1});
}

TEST_CASE("rates that make no sense are refused in one line") {
  CHECK_THROWS_AS(rates("body.*"), UsageError);
  CHECK_THROWS_WITH(rates("body.*"),
                    "block_rates: expected 'glob=rate;glob=rate', such as 'head.*=1;body.*=0.25'; got 'body.*'");
  for (const char* text : {"=0.5", "*=1;", ";", "*=1;;*=1"}) CHECK_THROWS_WITH(rates(text), Catch::Contains("got '"));
  CHECK_THROWS_WITH(rates("body.*=1.5"), "block_rates: expected a rate from 0 to 1 for 'body.*'; got '1.5'");
  for (const char* text : {"*=-0.1", "*=", "*=half", "*=0.5x", "*=nan", "*=inf", "*= 0.5"}) {
    CHECK_THROWS_WITH(rates(text), Catch::Contains("expected a rate from 0 to 1"));
  }
  CHECK_THROWS_WITH(rates("*=0"),
                    "block_rates: expected a rate above 0 for some block; got '*=0', with which nothing is learnt");
  CHECK_THROWS_WITH(rates("body.*.weight=0.5", BlockPartition::layer),
                    "block_rates: expected one rate for all of block 'body.0'; got 0.5 for 'body.0.weight' and 1 for "
                    "'body.0.bias': widen the globs, or try blocks = tensor");
  CHECK_THROWS_WITH(rates("*.bias=0.5", BlockPartition::neuron), Catch::Contains("all of block 'body.0:0'"));
}

TEST_CASE("of a glob that matches nothing, the error names the nearest") {
  CHECK_THROWS_WITH(rates("boddy.*=0.5"), "unknown parameter in block_rates 'boddy.*'; did you mean 'body.*'?");
  CHECK_THROWS_WITH(rates("log_sdt=1"), "unknown parameter in block_rates 'log_sdt'; did you mean 'log_std'?");
  CHECK_THROWS_WITH(rates("*=1;value.*=1"),
                    "unknown parameter in block_rates 'value.*'; known are body.0.weight, body.0.bias, "
                    "body.10.weight, body.10.bias, log_std");
}
