// A module, with a function that nobody else has: what core/module_test.cpp loads.
#include "tests/core/greeting_module.h"
#include "core/module.h"

extern "C" const sounder::Module* sounder_module() {
  static constexpr sounder::testing::Greetings kGreetings{.greeting = [] { return "hello"; }};
  static constexpr sounder::Module kModule{.interface = "greetings 1", .functions = &kGreetings};
  return &kModule;
}
