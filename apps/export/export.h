#pragma once

#include <filesystem>
#include <string>

#include "apps/library/catalogue.h"

namespace sounder {

/// The arguments of `sounder export`.
struct ExportRequest {
  std::filesystem::path run_or_checkpoint;  ///< of a run, its best checkpoint
  std::filesystem::path output;             ///< its ending names the format
  std::string prefix = "policy";            ///< of the names in a C header
};

/// Writes a saved policy for use without Sounder, and prints what was written. Throws UsageError for an unknown ending
/// and an invalid prefix, Error as load_for_export() does and if the file cannot be written.
void export_policy(const ExportRequest& request, const Catalogue& catalogue);

}  // namespace sounder
