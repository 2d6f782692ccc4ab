#include "apps/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <new>

#include "apps/bench/bench.h"
#include "apps/check.h"
#include "apps/envs.h"
#include "apps/evaluate.h"
#include "apps/output.h"
#include "apps/plot.h"
#include "apps/replay.h"
#include "apps/train.h"
#include "apps/train_arguments.h"
#include "apps/watch.h"
#include "core/config/config.h"
#include "core/config/parse_number.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

constexpr std::int64_t kLargestSeed = std::int64_t{1} << 53;
constexpr std::int64_t kMostEpisodes = 1'000'000;
constexpr std::int64_t kMostRepetitions = 1'000;
constexpr std::int64_t kMostWorkers = 1'024;

/// A subcommand: its options, and what it does once they are read.
struct Command {
  CLI::App* options;
  std::function<int()> run;
};

/// The values that an option takes, both ends included.
template <class Number>
struct Range {
  Number min;
  Number max;
};

struct Label {
  std::string name;
  std::string help;
};

/// Adds an option that takes a number; the last one given counts. CLI11's own conversions read octal and hexadecimal.
template <class Number>
void add_number(CLI::App& app, const Label& label, Number& value, Range<Number> range) {
  constexpr bool kInteger = std::is_same_v<Number, std::int64_t>;
  const auto set = [name = label.name, &value, range](const std::string& text) {
    std::optional<Number> number;
    if constexpr (kInteger) {
      number = parse_integer(text);
    } else {
      number = parse_real(text);
    }
    if (!number || *number < range.min || *number > range.max) {
      throw UsageError(fmt::format("{}: expected {}, {} to {}; got '{}'", name, kInteger ? "integer" : "number",
                                   range.min, range.max, text));
    }
    value = *number;
  };
  app.add_option_function<std::string>(label.name, set, fmt::format("{} [{}]", label.help, value))
      ->type_name(kInteger ? "N" : "X")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// Adds an option or a positional argument that takes text.
CLI::Option* add_text(CLI::App& app, const std::string& name, const std::function<void(const std::string&)>& set,
                      const std::string& help) {
  const auto set_checked = [name, set](const std::string& text) {
    // CLI11 gives an option whose value was forgotten the option after it.
    if (text.starts_with("--")) throw UsageError(fmt::format("{}: expected a value; got the option '{}'", name, text));
    set(text);
  };
  return app.add_option_function<std::string>(name, set_checked, help)
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_json(CLI::App& app, Output& output) {
  app.add_flag_callback(
      "--json", [&output] { output = Output::json; }, "print one JSON object to stdout");
}

std::string option_name(const ConfigField& field) {
  std::string name = "--" + field.name;
  std::ranges::replace(name, '_', '-');
  return name;
}

/// Adds an option for every key of the configuration, the environment excepted: that is ENV.
std::map<const CLI::Option*, std::string> add_config_options(CLI::App& app) {
  std::map<const CLI::Option*, std::string> keys;
  for (const ConfigField& field : config_fields()) {
    if (field.name == "environment") continue;
    const bool flag = std::holds_alternative<ConfigField::Flag>(field.type);
    const std::string help =
        fmt::format("{}: {}; default {}", field.help, describe_type(field), value_text(TrainConfig{}, field));
    CLI::Option* const option = flag ? app.add_flag(option_name(field), field.help)
                                     : add_text(
                                           app, option_name(field), [](const std::string&) {}, help);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->group("Configuration (an environment's preset may change defaults)");
    keys.emplace(option, field.name);
  }
  return keys;
}

/// Reads the configuration's options and --set in the order in which they were given.
std::vector<ConfigOverride> overrides(const CLI::App& app, const std::map<const CLI::Option*, std::string>& keys,
                                      const CLI::Option* set) {
  std::vector<ConfigOverride> list;
  std::map<const CLI::Option*, std::size_t> times_seen;
  for (const CLI::Option* option : app.parse_order()) {
    const auto key = keys.find(option);
    if (key == keys.end() && option != set) continue;
    const std::string& value = option->results().at(times_seen[option]++);
    list.push_back(option == set ? parse_override(value) : ConfigOverride{.key = key->second, .value = value});
  }
  return list;
}

Command add_train(CLI::App& program, const Registry& environments, const Networks& networks) {
  CLI::App& app = *program.add_subcommand("train", "Train an agent");
  const auto arguments = std::make_shared<TrainArguments>();
  add_text(
      app, "ENV", [arguments](const std::string& text) { arguments->environment = text; },
      "environment; may be left out where --config or --resume names it");
  add_text(
      app, "--config", [arguments](const std::string& text) { arguments->config_file = text; },
      "TOML file of configuration keys, over the environment's preset")
      ->type_name("FILE");
  CLI::Option* const set = app.add_option("--set", "sets one key of the configuration; may be repeated")
                               ->type_name("key=value")
                               ->expected(1)
                               ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_text(
      app, "--run", [arguments](const std::string& text) { arguments->run = text; },
      "folder to make [runs/<env>__<algorithm>__<seed>__<time>]")
      ->type_name("DIR");
  add_text(
      app, "--resume", [arguments](const std::string& text) { arguments->resume = text; },
      "run folder to go on in, from its last checkpoint")
      ->type_name("RUN");
  add_json(app, arguments->output);
  const auto keys = add_config_options(app);
  return {&app, [arguments, keys, set, &app, &environments, &networks] {
            arguments->overrides = overrides(app, keys, set);
            return train(make_train_request(*arguments), environments, networks);
          }};
}

/// Adds what evaluating and watching a saved policy have in common.
template <class Request>
void add_play_options(CLI::App& app, const std::shared_ptr<Request>& request) {
  add_text(
      app, "RUN", [request](const std::string& text) { request->run_or_checkpoint = text; },
      "run folder (its best checkpoint) or checkpoint file")
      ->required();
  add_number(app, {.name = "--episodes", .help = "episodes to play"}, request->episodes, {1, kMostEpisodes});
  add_number(app, {.name = "--seed", .help = "seed of the episodes"}, request->seed, {0, kLargestSeed});
}

Command add_evaluate(CLI::App& program, const Registry& environments, const Networks& networks) {
  CLI::App& app = *program.add_subcommand("evaluate", "Play episodes with a saved policy and report their returns");
  const auto request = std::make_shared<EvaluateRequest>();
  add_play_options(app, request);
  app.add_flag_callback(
      "--stochastic", [request] { request->selection = Selection::sample; },
      "sample actions instead of taking the likeliest");
  add_json(app, request->output);
  return {&app, [request, &environments, &networks] {
            evaluate(*request, environments, networks);
            return 0;
          }};
}

Command add_watch(CLI::App& program, const Registry& environments, const Networks& networks) {
  CLI::App& app = *program.add_subcommand("watch", "Play greedy episodes, drawn in the terminal");
  const auto request = std::make_shared<WatchRequest>();
  add_play_options(app, request);
  add_number(app, {.name = "--fps", .help = "frames per second"}, request->frames_per_second, {0.001, 1000});
  add_json(app, request->output);
  return {&app, [request, &environments, &networks] { return watch(*request, environments, networks); }};
}

Command add_envs(CLI::App& program, const Registry& environments) {
  struct Request {
    std::optional<std::string> environment;
    Output output = Output::human;
  };
  CLI::App& app = *program.add_subcommand("envs", "List the environments, or describe one");
  const auto request = std::make_shared<Request>();
  add_text(
      app, "ENV", [request](const std::string& text) { request->environment = text; }, "environment");
  add_json(app, request->output);
  return {&app, [request, &environments] {
            if (request->environment) {
              describe_environment(environments, *request->environment, request->output);
            } else {
              list_environments(environments, request->output);
            }
            return 0;
          }};
}

Command add_check(CLI::App& program, const Registry& environments) {
  CLI::App& app = *program.add_subcommand("check", "Check that an environment keeps to its contract");
  const auto request = std::make_shared<CheckRequest>();
  add_text(
      app, "ENV", [request](const std::string& text) { request->environment = text; }, "environment")
      ->required();
  add_json(app, request->output);
  return {&app, [request, &environments] { return check(*request, environments); }};
}

Command add_replay(CLI::App& program, const Registry& environments) {
  CLI::App& app = *program.add_subcommand("replay", "Replay recorded traces and print the largest deviation");
  const auto request = std::make_shared<ReplayRequest>();
  add_text(
      app, "FILE", [request](const std::string& text) { request->file = text; }, "recorded traces, JSON")
      ->required();
  add_number(app, {.name = "--tolerance", .help = "largest deviation that passes"}, request->tolerance, {0, 1e6});
  add_json(app, request->output);
  return {&app, [request, &environments] { return replay(*request, environments); }};
}

Command add_plot(CLI::App& program) {
  CLI::App& app = *program.add_subcommand("plot", "Draw learning curves");
  const auto request = std::make_shared<PlotRequest>();
  app.add_option_function<std::vector<std::string>>(
         "RUN", [request](const std::vector<std::string>& runs) { request->runs.assign(runs.begin(), runs.end()); },
         "run folders; of several of one kind, the mean and a band over seeds")
      ->type_name("")
      ->required();
  add_text(
      app, "-o,--output", [request](const std::string& text) { request->output = text; },
      "picture to write, *.svg or *.png")
      ->type_name("FILE")
      ->required();
  return {&app, [request] {
            plot(*request);
            return 0;
          }};
}

Command add_bench(CLI::App& program, const Registry& environments, const Networks& networks) {
  CLI::App& app = *program.add_subcommand("bench", "Measure throughput: a core's peak, the parts, whole trainings");
  const auto request = std::make_shared<BenchRequest>();
  add_text(
      app, "ENV", [request](const std::string& text) { request->environment = text; }, "environment [CartPole-v1]");
  add_number(app, {.name = "--repetitions", .help = "times that everything is measured"}, request->repetitions,
             {1, kMostRepetitions});
  add_number(app, {.name = "--seconds", .help = "length of each training that is measured"}, request->seconds,
             {0.001, 3600});
  add_number(app, {.name = "--workers", .help = "most workers of a training"}, request->workers, {1, kMostWorkers});
  add_json(app, request->output);
  return {&app, [request, &environments, &networks] { return bench(*request, environments, networks); }};
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// Throws UsageError if there is an argument that the parser could not place.
void refuse_unknown(const CLI::App& program, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    names.push_back(command.options->get_name());
    const auto unplaced = command.options->remaining();
    if (!command.options->parsed() || unplaced.empty()) continue;
    const std::string where = fmt::format("see 'sounder {} --help'", names.back());
    // An unknown option's value takes the place of an argument, so that the option is what to speak of.
    const auto option = std::ranges::find_if(unplaced, [](const auto& text) { return text.starts_with('-'); });
    if (option == unplaced.end()) throw UsageError(fmt::format("unexpected '{}'; {}", unplaced.front(), where));
    const std::string typed = option->substr(0, option->find('='));
    const auto known = option_names(*command.options);
    if (nearest_name(typed, known)) throw UsageError(unknown_name("option", typed, known));
    throw UsageError(fmt::format("unknown option '{}'; {}", typed, where));
  }
  const auto unplaced = program.remaining();
  if (unplaced.empty()) return;
  const std::string& typed = unplaced.front();
  if (typed.starts_with('-')) throw UsageError(unknown_name("option", typed, option_names(program)));
  throw UsageError(unknown_name("command", typed, names));
}

/// Words CLI11's errors, none of which ends in a full stop, as ours.
UsageError usage_error(const CLI::ParseError& error, const std::vector<Command>& commands) {
  std::string message = error.what();
  if (error.get_name() == "ArgumentMismatch") message = message.substr(0, message.find(':')) + ": expected a value";
  for (const Command& command : commands) {
    if (command.options->parsed()) {
      return UsageError(fmt::format("{}; see 'sounder {} --help'", message, command.options->get_name()));
    }
  }
  return UsageError(fmt::format("{}; see 'sounder --help'", message));
}

int parse_and_run(int argc, char** argv, const Registry& environments, const Networks& networks) {
  CLI::App program{"Sounder: asynchronous reinforcement learning, lock-free workers on one shared network", "sounder"};
  program.set_version_flag("--version", "sounder " SOUNDER_VERSION);
  program.require_subcommand(0, 1);
  program.allow_extras();
  const std::vector<Command> commands{add_train(program, environments, networks),
                                      add_evaluate(program, environments, networks),
                                      add_watch(program, environments, networks),
                                      add_envs(program, environments),
                                      add_check(program, environments),
                                      add_replay(program, environments),
                                      add_plot(program),
                                      add_bench(program, environments, networks)};
  for (const Command& command : commands) command.options->allow_extras();
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return program.exit(help, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    refuse_unknown(program, commands);
    throw usage_error(error, commands);
  }
  refuse_unknown(program, commands);
  for (const Command& command : commands) {
    if (command.options->parsed()) return command.run();
  }
  print_human(program.help());
  return 2;
}

/// Prints an error in one line: LibTorch's carry a backtrace from the second line on.
int report(std::string_view message, int exit_code) {
  print_human(fmt::format("sounder: {}\n", message.substr(0, message.find('\n'))));
  return exit_code;
}

}  // namespace

int run(int argc, char** argv, const Registry& environments, const Networks& networks) {
  // A reader that has gone and a file size limit are errors of the one write, not the end of a training.
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
  try {
    return parse_and_run(argc, argv, environments, networks);
  } catch (const UsageError& error) {
    return report(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return report("out of memory: try fewer or smaller hidden layers, or fewer workers", 1);
  } catch (const std::exception& error) {
    return report(error.what(), 1);
  } catch (...) {
    return report("something was thrown that is no std::exception", 1);
  }
}

}  // namespace sounder
