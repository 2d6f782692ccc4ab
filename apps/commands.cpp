#include "apps/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "apps/act.h"
#include "apps/bench/bench.h"
#include "apps/check.h"
#include "apps/completion.h"
#include "apps/envs.h"
#include "apps/evaluate.h"
#include "apps/export/export.h"
#include "apps/options.h"
#include "apps/plot/plot.h"
#include "apps/replay.h"
#include "apps/sweep/sweep.h"
#include "apps/train.h"
#include "apps/train_arguments.h"
#include "apps/watch.h"

namespace sounder {
namespace {

constexpr std::int64_t kLargestSeed = std::int64_t{1} << 53;
constexpr std::int64_t kMostEpisodes = 1'000'000;
constexpr std::int64_t kMostRepetitions = 1'000;
constexpr std::int64_t kMostWorkers = 1'024;
constexpr std::int64_t kMostSteps = 100'000'000;
constexpr std::int64_t kMostEpisodeSteps = 1'000'000'000'000'000;

/// Adds what training and sweeping have in common: where the configuration comes from.
ConfigOptions add_config_sources(CLI::App& app, const std::shared_ptr<TrainArguments>& arguments,
                                 const Catalogue& catalogue) {
  add_text(app, {.name = "ENV", .help = "environment; may be left out where --config or --resume names it"},
           [arguments](const std::string& text) { arguments->environment = text; });
  add_text(app, {.name = "--config", .help = "TOML file of configuration keys, over the preset", .type = "FILE"},
           [arguments](const std::string& text) { arguments->config_file = text; });
  add_text(app,
           {.name = "--preset",
            .help = "preset in place of the environment's own: none, a3c-paper, or another environment's",
            .type = "NAME"},
           [arguments](const std::string& text) { arguments->preset = text; });
  return {app, catalogue.fields()};
}

Command add_train(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("train", "Train an agent");
  const auto arguments = std::make_shared<TrainArguments>();
  const ConfigOptions config = add_config_sources(app, arguments, catalogue);
  add_text(app, {.name = "--run", .help = "folder to make [runs/<env>__<algorithm>__<seed>__<time>]", .type = "DIR"},
           [arguments](const std::string& text) { arguments->run = text; });
  add_text(app, {.name = "--resume", .help = "run folder to go on in, from its last checkpoint", .type = "RUN"},
           [arguments](const std::string& text) { arguments->resume = text; });
  add_text(app,
           {.name = "--init-from",
            .help = "run folder (its best checkpoint) or checkpoint file, from whose parameters to start a new run",
            .type = "RUN"},
           [arguments](const std::string& text) { arguments->init_from = text; });
  add_json(app, arguments->output);
  return {&app, [arguments, config, &catalogue] {
            arguments->overrides = config.overrides();
            return train(make_train_request(*arguments, catalogue.fields()), catalogue);
          }};
}

Command add_sweep(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("sweep", "Train with many settings and seeds, and compare them");
  const auto request = std::make_shared<SweepRequest>();
  sweeping::PlanRequest& plan = request->plan;
  const std::shared_ptr<TrainArguments> common(request, &plan.common);
  const ConfigOptions config = add_config_sources(app, common, catalogue);
  add_texts(app,
            {.name = "--range",
             .help = "values of one key: key=log:LOW:HIGH, key=uniform:LOW:HIGH, key=grid:A,B,... (of a list of "
                     "numbers: A;B;...); may be repeated",
             .type = "key=RANGE"},
            [request](const std::string& text) { request->plan.ranges.push_back(text); });
  add_number(app, {.name = "--samples", .help = "draws from the log and uniform ranges, crossed with the grids [10]"},
             plan.samples, {1, sweeping::kMostTrials});
  add_number(app, {.name = "--seeds", .help = "seeds to train each setting with, from --seed on [1]"}, plan.seeds,
             {1, sweeping::kMostTrials});
  add_number(app, {.name = "--sweep-seed", .help = "seed of the draws [1]"}, plan.sweep_seed, {0, kLargestSeed});
  add_number(app, {.name = "--jobs", .help = "trials at the same time [cores / workers]"}, request->jobs,
             {1, kMostWorkers});
  add_text(app, {.name = "--dir", .help = "folder to make, or to go on in [sweeps/<env>__<time>]", .type = "DIR"},
           [request](const std::string& text) { request->folder = text; });
  add_text(app, {.name = "--resume", .help = "folder of a sweep to go on with: what has not finished", .type = "DIR"},
           [request](const std::string& text) { request->resume = text; });
  add_json(app, request->output);
  return {&app, [request, config, &catalogue] {
            request->plan.common.overrides = config.overrides();
            return sweep(*request, catalogue);
          }};
}

/// Adds where environments in other processes come from; `owner` keeps `source` alive.
void add_source(CLI::App& app, const std::shared_ptr<void>& owner, EnvironmentSource& source) {
  add_text(app,
           {.name = "--env-command",
            .help = "shell command that starts a process which holds the environment",
            .type = "COMMAND"},
           [owner, &source](const std::string& text) { source.command = text; });
  add_text(app,
           {.name = "--env-connect", .help = "where such a process listens that runs already", .type = "unix:PATH"},
           [owner, &source](const std::string& text) { source.connect = text; });
}

void add_peer(CLI::App& app, std::optional<std::int64_t>& peer) {
  add_number(app,
             {.name = "--peer", .help = "of a run of peers, the policy of this one, from 0 on [the mean of all peers]"},
             peer, {0, kMostWorkers - 1});
}

/// Adds what evaluating and watching saved policies have in common.
template <class Request>
void add_play_options(CLI::App& app, const std::shared_ptr<Request>& request) {
  EnvironmentChanges& changes = request->changes;
  add_source(app, request, changes.source);
  add_number(app, {.name = "--env-timeout", .help = "seconds in which an environment has to answer [as in training]"},
             changes.timeout, {1e-3, 86'400});
  add_number(app,
             {.name = "--env-restarts",
              .help = "times in a row that a process is started again before it is given up [as in training]"},
             changes.restarts, {0, 1'000'000});
  add_texts(app,
            {.name = "--env-option",
             .help = "option of the environment, in place of the one in training; may be repeated",
             .type = "name=value"},
            [request](const std::string& text) { request->changes.options.push_back(text); });
  add_number(app,
             {.name = "--evaluation-step-limit",
              .help = "steps at which an episode is cut where the environment has no limit [as in training]"},
             request->evaluation_step_limit, {1, kMostEpisodeSteps});
  add_peer(app, request->peer);
  add_number(app, {.name = "--episodes", .help = "episodes to play"}, request->episodes, {1, kMostEpisodes});
  add_number(app, {.name = "--seed", .help = "seed of the episodes"}, request->seed, {0, kLargestSeed});
}

Command add_evaluate(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("evaluate", "Play episodes with saved policies and report their returns");
  const auto request = std::make_shared<EvaluateRequest>();
  app.add_option_function<std::vector<std::string>>(
         "RUN", [request](const std::vector<std::string>& runs) { request->policies.assign(runs.begin(), runs.end()); },
         "run folders (their best checkpoints) or checkpoint files; of several, statistics over them as well")
      ->type_name("")
      ->required();
  add_play_options(app, request);
  app.add_flag_callback(
      "--stochastic", [request] { request->selection = Selection::sample; },
      "sample actions instead of taking the likeliest");
  add_number(
      app,
      {.name = "--evaluation-environments",
       .help = "environments that play side by side; 1: for a simulator that may exist only once; 0: 128, or 4 in "
               "another process [as in training]"},
      request->evaluation_environments, {0, 65'536});
  add_json(app, request->output);
  return {&app, [request, &catalogue] {
            evaluate(*request, catalogue);
            return 0;
          }};
}

Command add_watch(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("watch", "Play greedy episodes, drawn in the terminal");
  const auto request = std::make_shared<WatchRequest>();
  add_text(app, {.name = "RUN", .help = "run folder (its best checkpoint) or checkpoint file"},
           [request](const std::string& text) { request->run_or_checkpoint = text; })
      ->required();
  add_play_options(app, request);
  add_number(app, {.name = "--fps", .help = "frames per second"}, request->frames_per_second, {0.001, 1000});
  add_json(app, request->output);
  return {&app, [request, &catalogue] { return watch(*request, catalogue); }};
}

Command add_export(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("export", "Write a saved policy for use without Sounder");
  const auto request = std::make_shared<ExportRequest>();
  add_text(app, {.name = "RUN", .help = "run folder (its best checkpoint) or checkpoint file"},
           [request](const std::string& text) { request->run_or_checkpoint = text; })
      ->required();
  add_text(app, {.name = "-o,--output", .help = "file to write, " + describe_export_formats(), .type = "FILE"},
           [request](const std::string& text) { request->output = text; })
      ->required();
  add_peer(app, request->peer);
  add_text(app, {.name = "--prefix", .help = "what the names in a header begin with [policy]", .type = "NAME"},
           [request](const std::string& text) { request->prefix = text; });
  return {&app, [request, &catalogue] {
            export_policy(*request, catalogue);
            return 0;
          }};
}

Command add_act(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app =
      *program.add_subcommand("act", "Read observations from stdin, and write a saved policy's actions to stdout");
  const auto request = std::make_shared<ActRequest>();
  add_text(app, {.name = "RUN", .help = "run folder (its best checkpoint) or checkpoint file"},
           [request](const std::string& text) { request->run_or_checkpoint = text; })
      ->required();
  add_peer(app, request->peer);
  app.add_flag_callback(
      "--values", [request] { request->values = true; }, "append the value of each observation to its action");
  app.add_flag_callback(
      "--sample", [request] { request->sample = true; }, "sample actions instead of taking the likeliest");
  add_number(app, {.name = "--seed", .help = "seed of sampled actions"}, request->seed, {0, kLargestSeed});
  return {&app, [request, &catalogue] {
            act(*request, catalogue);
            return 0;
          }};
}

Command add_envs(CLI::App& program, const Catalogue& catalogue) {
  struct Request {
    std::optional<std::string> environment;
    Output output = Output::human;
  };
  CLI::App& app = *program.add_subcommand("envs", "List the environments, or describe one");
  const auto request = std::make_shared<Request>();
  add_text(app, {.name = "ENV", .help = "environment"},
           [request](const std::string& text) { request->environment = text; });
  add_json(app, request->output);
  return {&app, [request, &catalogue] {
            if (request->environment) {
              describe_environment(catalogue.environments, *request->environment, request->output);
            } else {
              list_environments(catalogue.environments, request->output);
            }
            return 0;
          }};
}

Command add_check(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("check", "Check that an environment keeps to its contract");
  const auto request = std::make_shared<CheckRequest>();
  add_text(app, {.name = "ENV", .help = "environment; may be left out where it is in another process"},
           [request](const std::string& text) { request->environment = text; });
  add_source(app, request, request->source);
  add_number(app, {.name = "--env-timeout", .help = "seconds in which a process has to answer"}, request->env_timeout,
             {1e-3, 86'400});
  add_texts(app, {.name = "--env-option", .help = "option of the environment; may be repeated", .type = "name=value"},
            [request](const std::string& text) { request->env_option.push_back(text); });
  add_number(app, {.name = "--steps", .help = "steps that one check plays at most"}, request->steps, {1, kMostSteps});
  add_number(app, {.name = "--seed", .help = "seed of the episodes and of the random actions"}, request->seed,
             {0, kLargestSeed});
  add_json(app, request->output);
  return {&app, [request, &catalogue] { return check(*request, catalogue.environments); }};
}

Command add_replay(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("replay", "Replay recorded traces and print the largest deviation");
  const auto request = std::make_shared<ReplayRequest>();
  add_text(app, {.name = "FILE", .help = "recorded traces, JSON"}, [request](const std::string& text) {
    request->file = text;
  })->required();
  add_number(app, {.name = "--tolerance", .help = "largest deviation that passes"}, request->tolerance, {0, 1e6});
  add_json(app, request->output);
  return {&app, [request, &catalogue] { return replay(*request, catalogue.environments); }};
}

Command add_plot(CLI::App& program) {
  CLI::App& app = *program.add_subcommand("plot", "Draw learning curves");
  const auto request = std::make_shared<PlotRequest>();
  app.add_option_function<std::vector<std::string>>(
         "RUN", [request](const std::vector<std::string>& runs) { request->runs.assign(runs.begin(), runs.end()); },
         "run folders; of several of one kind, the interquartile mean and its 95 % band")
      ->type_name("")
      ->required();
  add_text(app, {.name = "-o,--output", .help = "picture to write, *.svg or *.png", .type = "FILE"},
           [request](const std::string& text) { request->output = text; })
      ->required();
  return {&app, [request] {
            plot(*request);
            return 0;
          }};
}

Command add_bench(CLI::App& program, const Catalogue& catalogue) {
  CLI::App& app = *program.add_subcommand("bench", "Measure throughput: a core's peak, the parts, whole trainings");
  const auto request = std::make_shared<BenchRequest>();
  add_text(app, {.name = "ENV", .help = "environment [CartPole-v1]"},
           [request](const std::string& text) { request->environment = text; });
  add_text(app, {.name = "--network", .help = "network to measure [that of the environment's preset]", .type = "NAME"},
           [request](const std::string& text) { request->network = text; });
  add_source(app, request, request->source);
  add_number(app, {.name = "--repetitions", .help = "times that everything is measured"}, request->repetitions,
             {1, kMostRepetitions});
  add_number(app, {.name = "--seconds", .help = "length of each training that is measured"}, request->seconds,
             {0.001, 3600});
  add_number(app, {.name = "--workers", .help = "most workers of a training"}, request->workers, {1, kMostWorkers});
  add_json(app, request->output);
  return {&app, [request, &catalogue] { return bench(*request, catalogue); }};
}

Command add_completion(CLI::App& program) {
  CLI::App& app = *program.add_subcommand(
      "completion",
      fmt::format("Print a shell's script that completes this program's words: {}", fmt::join(shell_names(), ", ")));
  const auto shell = std::make_shared<std::string>();
  add_text(app, {.name = "SHELL", .help = "shell"}, [shell](const std::string& text) { *shell = text; })->required();
  return {&app, [shell] {
            print_out(completion_script(*shell));
            return 0;
          }};
}

}  // namespace

std::vector<Command> add_commands(CLI::App& program, const Catalogue& catalogue) {
  return {add_train(program, catalogue),    add_sweep(program, catalogue),
          add_evaluate(program, catalogue), add_watch(program, catalogue),
          add_act(program, catalogue),      add_export(program, catalogue),
          add_envs(program, catalogue),     add_check(program, catalogue),
          add_replay(program, catalogue),   add_plot(program),
          add_bench(program, catalogue),    add_completion(program)};
}

}  // namespace sounder
