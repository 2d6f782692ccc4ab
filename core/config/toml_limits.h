#pragma once

#include <string_view>

namespace sounder {

/// Throws UsageError for a TOML text that is too long or too deeply nested for a configuration. toml++ recurses once
/// per level, and 50,000 levels would crash the process. `source` names the text. Call it before parsing.
void check_toml_limits(std::string_view text, std::string_view source);

}  // namespace sounder
