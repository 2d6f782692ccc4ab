#pragma once

#include <string>
#include <string_view>

#include "apps/export/exported_policy.h"

namespace sounder {

/// Throws UsageError unless a prefix begins with a letter and continues with letters, digits and underscores.
void require_c_prefix(std::string_view prefix);

/// Writes a policy as a header for C99 and C++11, complete in itself. All its names begin with `prefix`_, its macros
/// with the same in capitals. It computes the greedy action of an observation; apps/docs/export.md describes its
/// interface. The prefix must be valid.
std::string c_header(const ExportedPolicy& policy, std::string_view prefix);

}  // namespace sounder
