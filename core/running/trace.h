#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// One recorded stretch of an episode.
struct Trace {
  std::vector<double> initial_state;       ///< as Environment::set_state takes it
  std::vector<float> initial_observation;  ///< that belongs to the initial state
  ActionArray actions;                     ///< [steps]; of a Box maybe beyond its bounds
  std::vector<float> observations;         ///< [steps, observation size], each after its action
  std::vector<double> rewards;             ///< [steps]
  std::vector<bool> terminated;            ///< [steps]
};

/// What a file of recorded traces holds: what another implementation says and does of one environment.
struct TraceFile {
  std::filesystem::path path;
  std::string environment_id;
  EnvironmentSpec spec;
  std::vector<Trace> traces;
};

/// Reads recorded traces: a JSON object of `id`, `max_episode_steps`, `reward_threshold` (a number or null),
/// `observation_space`, `action_space` (as parse_space takes them), and `traces`, each of `initial_state`,
/// `initial_observation`, `actions`, `observations`, `rewards` and `terminated`. Bare Infinity and -Infinity, as Python
/// writes them, are numbers here. Throws Error, with the file's name, if the file is missing, no JSON, lacks something,
/// or does not fit its own spaces.
TraceFile read_traces(const std::filesystem::path& path);

/// How far an environment is from recorded traces.
struct ReplayReport {
  std::size_t traces = 0;
  std::size_t steps = 0;
  double largest_deviation = 0.0;            ///< of any observation or reward; infinite where one is not a number
  std::string largest_at;                    ///< "trace 3, step 14: observation[2]"; empty if nothing deviates
  std::size_t terminated_mismatches = 0;     ///< steps whose `terminated` differs
  std::string first_terminated_mismatch_at;  ///< "trace 3, step 14"; empty if there is none
};

/// Replays traces: sets each initial state, takes the recorded actions, compares what comes of it. A trace ends where
/// either side terminates; step limits do not end it. Throws Error if the environment's spaces, step limit or reward
/// threshold are not the recorded ones, or if its state cannot be set.
ReplayReport replay_traces(const TraceFile& file, Environment& environment);

}  // namespace sounder
