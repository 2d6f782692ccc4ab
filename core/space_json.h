#pragma once

#include <string>
#include <string_view>

#include "envs/spaces.h"

namespace boost::json {  // so that this header needs no Boost
class object;
class value;
}  // namespace boost::json

namespace sounder {

/// Writes a space as Gymnasium names its parts: {"type": "Box", "low": [-1], "high": [null], "shape": [1]}. JSON has no
/// infinity: a side without a bound is null.
boost::json::object space_json(const Space& space);

/// Reads what space_json writes; `where` names the value in errors. Throws Error for anything else, and for a space of
/// nothing or of more than kMostSpaceNumbers numbers.
Space parse_space(const boost::json::value& json, std::string_view where);

/// As many floats as a frame of the environment protocol can hold.
inline constexpr std::int64_t kMostSpaceNumbers = std::int64_t{1} << 22;

}  // namespace sounder
