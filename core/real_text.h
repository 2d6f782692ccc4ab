#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace sounder {

/// Formats a number so that it reads back exactly, and as a float, in Python's notation: "40.0". (fmt's own '#' writes
/// "40." from its version 10 on.)
inline std::string real_text(double number) {
  std::string text = fmt::format("{}", number);
  if (std::isfinite(number) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace sounder
