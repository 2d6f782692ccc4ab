#include "apps/train_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "apps/library/policy_environment.h"
#include "apps/library/saved_policy.h"
#include "core/metrics/files.h"
#include "core/running/run_checkpoints.h"
#include "core/running/run_lock.h"
#include "envs/error.h"
#include "envs/program.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnvironmentKey = "environment";

/// A configuration file given by the user.
struct ConfigFile {
  std::string name;
  std::string toml;
};

/// The sources of a request.
struct Sources {
  const TrainArguments& arguments;
  std::optional<ConfigFile> file;
  ConfigFields fields;
};

ConfigFile read_config(const fs::path& path) {
  const auto refuse = [&path](std::string_view reason) {
    throw UsageError(fmt::format("--config: expected a TOML file; cannot read '{}': {}", path.string(), reason));
  };
  if (fs::is_directory(path)) refuse("it is a folder");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) refuse(std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad()) refuse("reading failed");
  return {.name = path.string(), .toml = std::move(text)};
}

/// An environment's name and its source.
struct NamedEnvironment {
  std::string id;
  std::string source;
};

/// Returns the environment that all sources agree on. Throws UsageError if they differ.
std::string agree(const std::vector<NamedEnvironment>& named) {
  if (named.empty()) {
    throw UsageError(fmt::format("expected an environment: '{0} train ENV'; '{0} envs' lists them", program_name()));
  }
  for (const NamedEnvironment& other : named) {
    if (other.id == named.front().id) continue;
    throw UsageError(fmt::format("{} names the environment '{}', but {} names '{}'; name one only",
                                 named.front().source, named.front().id, other.source, other.id));
  }
  return named.front().id;
}

Sources read_sources(const TrainArguments& arguments, ConfigFields fields) {
  Sources sources{.arguments = arguments, .file = {}, .fields = fields};
  if (arguments.config_file) sources.file = read_config(*arguments.config_file);
  return sources;
}

/// Returns the environments named by the command line and by the file.
std::vector<NamedEnvironment> named_environments(const Sources& sources) {
  const auto& [arguments, file, fields] = sources;
  std::vector<NamedEnvironment> named;
  if (arguments.environment) named.push_back({*arguments.environment, "the command line"});
  for (const ConfigOverride& override : arguments.overrides) {
    if (override.key == kEnvironmentKey) named.push_back({override.value, "--set"});
  }
  if (file) {
    TrainConfig config;
    apply_toml(config, file->toml, file->name, fields);
    if (!config.environment.empty()) named.push_back({config.environment, file->name});
  }
  return named;
}

/// Applies one source. If it sets one of the two targets, which are alternatives, this replaces an earlier one.
template <class Set>
void apply_source(TrainConfig& config, std::string_view source, Set set) {
  TrainConfig own;
  set(own);
  if (own.until_solved && own.until_return) {
    throw UsageError(fmt::format("expected until_solved or until_return, got both from {}; give one", source));
  }
  set(config);
  if (own.until_solved) config.until_return.reset();
  if (own.until_return) config.until_solved = false;
}

void apply_file_and_overrides(TrainConfig& config, const Sources& sources) {
  const ConfigFields fields = sources.fields;
  if (const auto& file = sources.file) {
    apply_source(config, file->name, [&](TrainConfig& c) { apply_toml(c, file->toml, file->name, fields); });
  }
  apply_source(config, "the command line", [&](TrainConfig& c) {
    for (const auto& [key, value] : sources.arguments.overrides) set_config(c, key, value, fields);
  });
}

std::vector<std::string> given_in(const Sources& sources) {
  std::vector<std::string> keys;
  if (const auto& file = sources.file) {
    TrainConfig config;
    keys = apply_toml(config, file->toml, file->name, sources.fields);
    const auto all =
        std::ranges::count_if(sources.fields, [&](const ConfigField& field) { return is_written(config, field); });
    if (std::ssize(keys) == all) keys.clear();  // a run wrote it, so the user chose none of these keys
  }
  for (const ConfigOverride& override : sources.arguments.overrides) keys.push_back(override.key);
  return keys;
}

/// Finds the initial preset: the named one, or the environment's for the algorithm that the user requests.
std::optional<Preset> choose_preset(const Sources& sources, const std::string& environment,
                                    std::span<const Preset> all) {
  if (sources.arguments.preset) return preset_named(*sources.arguments.preset, all);
  TrainConfig asked;
  apply_file_and_overrides(asked, sources);
  return preset_for(environment, asked.algorithm, all);
}

/// Locks the folder of the run to resume and loads its checkpoint, if it has one. Returns the run's configuration.
TrainConfig take_run(TrainRequest& request, ConfigFields fields) {
  const fs::path& run = request.run;
  if (fs::exists(run) && !fs::is_directory(run)) {
    throw UsageError(fmt::format("--resume: expected a run's folder, got the file '{}'", run.string()));
  }
  require_run(run);
  request.lock.emplace(run);
  if (is_barren(run)) {
    const fs::path file = run / "config.toml";
    return read_saved_config(read_text_file(file), file.string(), fields);
  }
  request.resume = load_resume_point(run);
  return saved_config(request.resume->checkpoint, request.resume->file, fields);
}

void require_same_run(const TrainConfig& kept, const TrainConfig& changed, ConfigFields fields) {
  for (const ConfigField& field : fields) {
    if (field.on_resume != OnResume::kept) continue;
    const std::string expected = value_text(kept, field);
    const std::string got = value_text(changed, field);
    if (got == expected) continue;
    throw UsageError(fmt::format("--resume: {}: expected {}, as in the run; got {}; leave it out, or train a new run",
                                 field.name, expected, got));
  }
}

TrainRequest compose(const Sources& sources, std::span<const Preset> all) {
  const TrainArguments& arguments = sources.arguments;
  auto named = named_environments(sources);

  TrainRequest request{.config = {},
                       .given = given_in(sources),
                       .run = arguments.run,
                       .init_from = arguments.init_from,
                       .lock = {},
                       .resume = {},
                       .output = arguments.output};
  if (arguments.resume) {
    if (!arguments.run.empty()) {
      throw UsageError("--run and --resume exclude each other: a resumed run goes on in its own folder");
    }
    if (arguments.preset) {
      throw UsageError("--preset and --resume exclude each other: a resumed run keeps its configuration");
    }
    if (!arguments.init_from.empty()) {
      throw UsageError("--init-from and --resume exclude each other: a resumed run goes on with its own parameters");
    }
    request.run = *arguments.resume;
    request.config = take_run(request, sources.fields);
    const EnvironmentSource source = take_source(request.config);
    const TrainConfig kept = request.config;
    named.push_back({kept.environment, arguments.resume->string()});
    agree(named);
    apply_file_and_overrides(request.config, sources);
    request.config.env_option = change_options(kept.env_option, request.config.env_option);
    request.changes = describe_changes(kept.env_option, request.config.env_option);
    require_same_run(kept, request.config, sources.fields);
    require_source(request.config, source);
    return request;
  }
  if (named.empty()) {
    apply_file_and_overrides(request.config, sources);
    if (is_remote(request.config)) return request;  // the process knows its environment's name
    request.config = {};
  }
  const std::string environment = agree(named);
  if (const auto preset = choose_preset(sources, environment, all)) {
    apply_toml(request.config, preset->toml, fmt::format("preset {}", preset->name), sources.fields);
  }
  apply_file_and_overrides(request.config, sources);
  request.config.environment = environment;
  return request;
}

}  // namespace

ConfigOverride parse_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) throw UsageError(fmt::format("--set: expected key=value; got '{}'", text));
  return {.key = text.substr(0, equals), .value = text.substr(equals + 1)};
}

std::vector<std::string> given_keys(const TrainArguments& arguments, ConfigFields fields) {
  return given_in(read_sources(arguments, fields));
}

TrainRequest make_train_request(const TrainArguments& arguments, ConfigFields fields, std::span<const Preset> all) {
  TrainRequest request = compose(read_sources(arguments, fields), all);
  read_options(request.config.env_option);  // before a folder is made, or a sweep whose trials would all fail
  return request;
}

}  // namespace sounder
