#include "envs/conformance/rule.h"

#include <fmt/format.h>

#include <exception>
#include <utility>
#include <variant>

#include "envs/error.h"

namespace sounder::conformance {

Finding passed(std::string seen) {
  return {.outcome = CheckOutcome::passed, .seen = std::move(seen)};
}

Finding warning(std::string seen) {
  return {.outcome = CheckOutcome::warning, .seen = std::move(seen)};
}

Finding failed(std::string seen) {
  return {.outcome = CheckOutcome::failed, .seen = std::move(seen)};
}

Finding skipped(std::string reason) {
  return {.outcome = CheckOutcome::skipped, .seen = std::move(reason)};
}

Finding fails_with(const std::string& fault, std::string seen_without) {
  return fault.empty() ? passed(std::move(seen_without)) : failed(fault);
}

Finding thrown(const std::exception_ptr& error, std::string_view place) {
  const std::string where = place.empty() ? "" : fmt::format("{}: ", place);
  try {
    std::rethrow_exception(error);
  } catch (const EnvironmentLost& lost) {
    return {.outcome = CheckOutcome::failed,
            .seen = fmt::format("{}it was lost: {}", where, lost.what()),
            .was_lost = true};
  } catch (const std::bad_variant_access&) {
    return failed(where +
                  "its Action does not match its action space: expected std::int64_t for Discrete, std::span<const "
                  "float> for Box, std::span<const std::int64_t> for MultiDiscrete and MultiBinary");
  } catch (const std::exception& exception) {
    return failed(fmt::format("{}it threw: {}", where, exception.what()));
  } catch (...) {
    return failed(where + "it threw something other than a std::exception");
  }
}

}  // namespace sounder::conformance
