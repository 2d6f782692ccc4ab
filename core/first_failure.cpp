#include "core/first_failure.h"

#include <fmt/format.h>

#include <string_view>

#include "envs/error.h"

namespace sounder {
namespace {

std::exception_ptr as_error(const std::string& where) {
  try {
    try {
      throw;
    } catch (const Error&) {
      throw;
    } catch (const std::exception& failure) {
      const std::string_view what = failure.what();  // keep the first line only: some libraries append a backtrace
      std::throw_with_nested(Error(fmt::format("{}: {}", where, what.substr(0, what.find('\n')))));
    } catch (...) {
      std::throw_with_nested(Error(fmt::format("{}: something was thrown that is no std::exception", where)));
    }
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

void FirstFailure::keep(const std::string& where) noexcept {
  {
    const MutexLock lock(mutex_);
    if (!first_) first_ = as_error(where);
  }
  any_.store(true, std::memory_order_relaxed);
}

void FirstFailure::rethrow() const {
  const MutexLock lock(mutex_);
  if (first_) std::rethrow_exception(first_);
}

}  // namespace sounder
