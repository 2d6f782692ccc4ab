#pragma once

#include <string_view>

namespace sounder {

/// Throws UsageError for a TOML text that is too long, or nested too deep, for a configuration: toml++ goes down one
/// call for each level, and a text of 50,000 would end the process. `source` names the text. To be called before it is
/// parsed.
void check_toml_limits(std::string_view text, std::string_view source);

}  // namespace sounder
