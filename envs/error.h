#pragma once

#include <stdexcept>

namespace sounder {

/// A mistake of the user's, or of the world outside: one line that says what was expected, what came, and what to do.
/// Sounder's own mistakes are assertions. A program that ends with an Error exits with code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An Error in how Sounder was called: an unknown name, a value out of range. Such a program exits with code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// An environment that lost its state: its process died, say, and was started again. The episode cannot go on; a reset
/// begins a new one.
class EnvironmentLost : public Error {
 public:
  using Error::Error;
};

}  // namespace sounder
