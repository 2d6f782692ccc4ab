#pragma once

#include <exception>

#include "envs/error.h"

namespace sounder {

/// Calls action(element) for every element, even after an Error. Rethrows the first Error at the end.
template <class Range, class Action>
void try_all(Range&& range, Action action) {
  std::exception_ptr first;
  for (auto&& element : range) {
    try {
      action(element);
    } catch (const Error&) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace sounder
