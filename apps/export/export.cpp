#include "apps/export/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "agents/networks/backends.h"
#include "apps/export/c_header.h"
#include "apps/export/onnx.h"
#include "apps/export/torch_script.h"
#include "apps/library/saved_policy.h"
#include "apps/output.h"
#include "core/checkpoint/atomic_file.h"
#include "envs/error.h"

namespace sounder {
namespace {

struct Format {
  std::string_view ending;
  std::string_view name;
  std::string (*write)(const ExportedPolicy& policy, const ExportRequest& request);
};

constexpr std::string_view kPrefix = "policy";

constexpr std::array kFormats{
    Format{".h", "a header for C and C++",
           [](const ExportedPolicy& policy, const ExportRequest& request) {
             return c_header(policy, request.prefix.value_or(std::string(kPrefix)));
           }},
    Format{".onnx", "ONNX", [](const ExportedPolicy& policy, const ExportRequest&) { return onnx_model(policy); }},
    Format{".pt", "TorchScript",
           [](const ExportedPolicy& policy, const ExportRequest&) { return script_file(torch_script(policy)); }},
};

const Format& format_of(const ExportRequest& request) {
  const std::string ending = request.output.extension().string();
  const auto* const format = std::ranges::find(kFormats, ending, &Format::ending);
  if (format == kFormats.end()) {
    throw UsageError(fmt::format("--output: expected a file of a format by its ending ({}); got '{}'",
                                 describe_export_formats(), request.output.string()));
  }
  if (!request.prefix) return *format;
  if (ending != ".h") {
    throw UsageError(
        fmt::format("--prefix is of the names in a header; leave it out for '{}'", request.output.string()));
  }
  require_c_prefix(*request.prefix);
  return *format;
}

}  // namespace

std::string describe_export_formats() {
  std::string text;
  for (const Format& format : kFormats) {
    fmt::format_to(std::back_inserter(text), "{}*{}: {}", text.empty() ? "" : "; ", format.ending, format.name);
  }
  return text;
}

void export_policy(const ExportRequest& request, const Catalogue& catalogue) {
  const Format& format = format_of(request);
  const ExportedPolicy policy =
      load_for_export(request.run_or_checkpoint, catalogue.networks, catalogue.algorithms, request.peer);
  const std::string content = format.write(policy, request);
  write_file_atomically(request.output, content);
  print_human(fmt::format("{}: {} of {}, saved at step {}{} ({} bytes)\n", request.output.string(), policy.description,
                          policy.environment, policy.step, peer_suffix(policy.peer), content.size()));
}

}  // namespace sounder
