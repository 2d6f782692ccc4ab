#include "agents/networks/torch_errors.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <exception>
#include <string_view>

#include "envs/error.h"

namespace sounder {

void rethrow_named(const std::string& network) {
  const std::string prefix = fmt::format("network '{}'", network);
  const auto named = [&](std::string_view what) {
    return fmt::format("{}: {}", prefix, what.substr(0, what.find('\n')));
  };
  const auto has_name = [&](const Error& error) { return std::string_view(error.what()).starts_with(prefix); };
  try {
    throw;
  } catch (const UsageError& error) {
    if (has_name(error)) throw;
    std::throw_with_nested(UsageError(named(error.what())));
  } catch (const Error& error) {
    if (has_name(error)) throw;
    std::throw_with_nested(Error(named(error.what())));
  } catch (const c10::Error& error) {
    std::throw_with_nested(Error(named(error.what_without_backtrace())));
  } catch (const std::exception& error) {
    std::throw_with_nested(Error(named(error.what())));
  } catch (...) {
    std::throw_with_nested(Error(named("it threw something that is no std::exception")));
  }
}

}  // namespace sounder
