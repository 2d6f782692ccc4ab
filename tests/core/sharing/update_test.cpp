#include "core/sharing/update.h"

#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

TEST_CASE("an optimizer names the statistics of its rule") {
  using Names = std::vector<std::string>;
  const auto names = [](UpdateRule rule) {
    return Optimizer{.rule = rule, .owner = StatisticsOwner::shared}.statistic_names();
  };
  CHECK(names(RmsProp{}) == Names{"square_average"});
  CHECK(names(Adagrad{}) == Names{"square_sum"});
  CHECK(names(MomentumSgd{}) == Names{"momentum"});
  CHECK(names(Adam{}) == Names{"average", "square_average"});
}

TEST_CASE("a learning rate stays, or falls to zero on a straight line over the global step") {
  const LearningRateSchedule constant{.initial = 0.5, .anneal_steps = 0};
  CHECK(constant.at(0) == 0.5F);
  CHECK(constant.at(1'000'000'000) == 0.5F);

  const LearningRateSchedule linear{.initial = 0.5, .anneal_steps = 1000};
  CHECK(linear.at(0) == 0.5F);
  CHECK(linear.at(250) == 0.375F);
  CHECK(linear.at(999) == Approx(0.0005));
  CHECK(linear.at(1000) == 0.0F);
  CHECK(linear.at(5000) == 0.0F);
}

TEST_CASE("a gradient beyond the limit is scaled down to it, and no other is touched") {
  UpdateSettings update = make_update_settings({});
  update.max_gradient_norm = 3;
  CHECK(update.clip(12) == 0.25F);
  CHECK(update.clip(3) == 1);
  CHECK(update.clip(0.1) == 1);
}

TEST_CASE("a gradient's rate is divided by its staleness where that is asked for, and never raised") {
  UpdateSettings update = make_update_settings({});
  CHECK(update.rate_factor(4) == 1);
  update.staleness_aware = true;
  CHECK(update.rate_factor(4) == 0.25F);
  CHECK(update.rate_factor(1) == 1);
  CHECK(update.rate_factor(0) == 1);
}

TEST_CASE("a configuration names the rule, its numbers, and who keeps its statistics") {
  TrainConfig config;
  config.rmsprop_decay = 0.5;
  config.rmsprop_epsilon = 0.25;
  config.momentum = 0.75;
  config.adam_beta1 = 0.125;
  config.max_gradient_norm = 7;
  const auto optimizer = [&](const char* name) {
    config.optimizer = name;
    return make_update_settings(config).optimizer;
  };
  for (const char* name : {"shared_rmsprop", "rmsprop"}) {
    const auto rule = std::get<RmsProp>(optimizer(name).rule);
    CHECK(rule.decay == 0.5F);
    CHECK(rule.epsilon == 0.25F);
  }
  CHECK(std::get<Adagrad>(optimizer("adagrad").rule).epsilon == 0.25F);
  CHECK(std::get<MomentumSgd>(optimizer("momentum_sgd").rule).momentum == 0.75F);
  CHECK(std::get<Adam>(optimizer("adam").rule).beta1 == 0.125F);
  CHECK(optimizer("shared_rmsprop").owner == StatisticsOwner::shared);
  CHECK(optimizer("rmsprop").owner == StatisticsOwner::worker);
  CHECK(optimizer("adagrad").owner == StatisticsOwner::shared);
  CHECK(optimizer("momentum_sgd").owner == StatisticsOwner::worker);
  CHECK(optimizer("adam").owner == StatisticsOwner::shared);
  CHECK(make_update_settings(config).max_gradient_norm == 7);
  CHECK_THROWS_AS(optimizer("adaam"), UsageError);
}

TEST_CASE("a linear schedule ends at anneal_steps, or where the run does") {
  TrainConfig config;
  config.steps = 1'000;
  config.learning_rate = 0.5;
  config.learning_rate_schedule = "linear";
  CHECK(make_schedule(config).at(500) == 0.25F);
  config.anneal_steps = 2'000;
  CHECK(make_schedule(config).at(500) == 0.375F);
  config.learning_rate_schedule = "constant";
  CHECK(make_schedule(config).at(500) == 0.5F);
  config.learning_rate_schedule = "linaer";
  CHECK_THROWS_WITH(make_schedule(config), Catch::Contains("did you mean 'linear'"));
}
