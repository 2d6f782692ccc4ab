#pragma once

namespace sounder::testing {

/// The table of the module that core/module_test.cpp loads.
struct Greetings {
  const char* (*greeting)();
};

}  // namespace sounder::testing
