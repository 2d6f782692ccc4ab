#include "apps/export/export.h"

#include <fmt/format.h>

#include "apps/export/c_header.h"
#include "apps/output.h"
#include "core/checkpoint/atomic_file.h"
#include "envs/error.h"

namespace sounder {

void export_policy(const ExportRequest& request, const Catalogue& catalogue) {
  if (request.output.extension() != ".h") {
    throw UsageError(
        fmt::format("--output: expected a file that ends in .h, for a header of C; got '{}'", request.output.string()));
  }
  require_c_prefix(request.prefix);
  const ExportedPolicy policy = load_for_export(request.run_or_checkpoint, catalogue.networks);
  const std::string header = c_header(policy, request.prefix);
  write_file_atomically(request.output, header);
  print_human(fmt::format("{}: {} of {}, saved at step {} ({} bytes)\n", request.output.string(), policy.description,
                          policy.environment, policy.step, header.size()));
}

}  // namespace sounder
