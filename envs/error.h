#pragma once

#include <stdexcept>

namespace sounder {

/// A user's mistake, or a failure outside the program. The message is one line that says what was expected, what came,
/// and what to do. Sounder's own mistakes are assertions. A program that ends with an Error exits with code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An Error in how Sounder was called, such as an unknown name or a value out of range. A program that ends with it
/// exits with code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// Reports that an environment lost its state, for example because its process died and was restarted. The episode
/// cannot continue; a reset begins a new one.
class EnvironmentLost : public Error {
 public:
  using Error::Error;
};

}  // namespace sounder
