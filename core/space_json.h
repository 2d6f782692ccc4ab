#pragma once

#include <string>
#include <string_view>

#include "envs/spaces.h"

namespace boost::json {  // keeps Boost out of this header
class object;
class value;
}  // namespace boost::json

namespace sounder {

/// Converts a space to JSON with Gymnasium's names: {"type": "Box", "low": [-1], "high": [null], "shape": [1]}. An
/// infinite bound is null, because JSON has no infinity.
boost::json::object space_json(const Space& space);

/// Parses the output of space_json(), and a Box as recordings of Gymnasium have it: without "shape", with bounds nested
/// as the box is. `where` names the value in errors. Throws Error for anything else, and for a space without numbers or
/// with more than kMostSpaceNumbers.
Space parse_space(const boost::json::value& json, std::string_view where);

/// Converts the two spaces to a JSON text, {"observation": {...}, "action": {...}}, and back. Parsing throws Error as
/// parse_space() does.
std::string spaces_json(const Spaces& spaces);
Spaces parse_spaces(std::string_view text, std::string_view where);

/// The number of floats that a frame of the environment protocol can hold.
inline constexpr std::int64_t kMostSpaceNumbers = std::int64_t{1} << 22;

}  // namespace sounder
