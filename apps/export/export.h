#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "apps/library/catalogue.h"

namespace sounder {

/// The arguments of `sounder export`.
struct ExportRequest {
  std::filesystem::path run_or_checkpoint;  ///< of a run, its best checkpoint
  std::filesystem::path output;             ///< its ending names the format
  std::optional<std::int64_t> peer = {};    ///< of a run of peers: that one's policy; none for their mean
  std::optional<std::string> prefix = {};   ///< of the names in a C header; none for "policy"
};

/// Names the formats: "*.h: a header for C and C++; ...".
std::string describe_export_formats();

/// Writes a saved policy for use without Sounder, and prints what was written. Throws UsageError for an unknown ending,
/// and for a prefix that is invalid or not for a header; Error as load_for_export() does and if the file cannot be
/// written.
void export_policy(const ExportRequest& request, const Catalogue& catalogue);

}  // namespace sounder
