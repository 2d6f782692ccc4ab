#include "apps/check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "apps/check_report.h"
#include "apps/library/policy_environment.h"
#include "apps/terminal/terminal.h"
#include "core/remote/remote_environments.h"
#include "envs/error.h"
#include "envs/names.h"
#include "envs/program.h"
#include "envs/speed.h"

namespace sounder {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

ReportLayout layout_of_terminal() {
  constexpr std::size_t kNarrowest = 40;
  constexpr std::size_t kWidest = 100;
  if (!is_terminal(STDERR_FILENO)) return {};
  return {.columns = std::clamp(terminal_size(STDERR_FILENO).columns, kNarrowest, kWidest),
          .color = color_support() == ColorSupport::none ? ReportLayout::Color::none : ReportLayout::Color::ansi};
}

/// Makes the first instance for the checks. Wrong options are a usage error and not a finding about the environment;
/// all its other exceptions are findings.
std::optional<Environment> make_first(const std::function<Environment()>& make) {
  try {
    return make();
  } catch (const UsageError&) {
    throw;
  } catch (...) {
    return std::nullopt;  // the checks will report it
  }
}

/// The environment under check: its name, a function that makes instances, and the parts of its observations.
struct Subject {
  std::string name;
  std::function<Environment()> make;
  std::vector<remote::ObservationPart> observation_parts = {};
};

/// Runs each instance in its own process, because otherwise state shared through a process would look like state shared
/// by instances.
Subject find_remote_subject(const CheckRequest& request, const TrainConfig& config) {
  remote::ClientSettings client = client_settings(config);
  client.restarts = 0;  // a failure is a finding
  const remote::RemoteEnvironments::Settings settings{.client = client, .options = {read_options(request.env_option)}};
  const auto make = [settings] { return remote::RemoteEnvironments(settings)({}); };
  const remote::RemoteSpec spec = remote::RemoteEnvironments(settings).description();
  return {.name = request.environment.empty() ? spec.id : request.environment,
          .make = make,
          .observation_parts = spec.observation_parts};
}

Subject find_subject(const CheckRequest& request, const Registry& environments) {
  TrainConfig config;
  config.env_command = request.source.command;
  config.env_connect = request.source.connect;
  config.env_timeout = request.env_timeout;
  if (is_remote(config)) return find_remote_subject(request, config);
  if (request.environment.empty()) {
    throw UsageError(fmt::format("expected an environment: '{0} check ENV', or --env-command; '{0} envs' lists them",
                                 program_name()));
  }
  if (!environments.contains(request.environment)) {
    throw UsageError(unknown_name("environment", request.environment, environments.ids()));
  }
  return {.name = request.environment,
          .make = [&environments, id = request.environment, values = read_options(request.env_option)] {
            return environments.make(id, values);
          }};
}

}  // namespace

int check(const CheckRequest& request, const Registry& environments) {
  const Subject subject = find_subject(request, environments);
  const auto& make = subject.make;
  std::optional<Environment> first = make_first(make);
  const auto make_next = [&] {
    if (!first) return make();
    Environment environment = std::move(*first);
    first.reset();
    return environment;
  };

  ConformanceOptions options{.seed = static_cast<std::uint64_t>(request.seed), .steps = request.steps};
  const bool shows_progress = request.output == Output::human && is_terminal(STDERR_FILENO);
  if (shows_progress) {
    // If an environment crashes or is slow, the last line tells in which check.
    options.on_check = [](std::string_view name) { print_human(fmt::format("{}checking: {}", kEraseLine, name)); };
  }
  const std::vector<CheckResult> results = check_conformance(make_next, options);
  if (shows_progress) print_human(kEraseLine);

  CheckReport report{.environment = subject.name, .results = results, .observation_parts = subject.observation_parts};
  if (report.passed()) report.speed = measure_speed(make);
  if (request.output == Output::json) {
    print_json(json_report(report));
  } else {
    print_human(human_report(report, layout_of_terminal()));
  }
  return report.passed() ? 0 : 1;
}

}  // namespace sounder
