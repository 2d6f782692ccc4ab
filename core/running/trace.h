#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// A recorded part of an episode.
struct Trace {
  std::vector<double> initial_state;       ///< for Environment::set_state()
  std::vector<float> initial_observation;  ///< observation in the initial state
  ActionArray actions;                     ///< [steps]; may exceed the bounds of a Box
  std::vector<float> observations;         ///< [steps, observation size], after each action
  std::vector<double> rewards;             ///< [steps]
  std::vector<bool> terminated;            ///< [steps]
};

/// A file of recorded traces: the spec and the behaviour of one environment in another implementation.
struct TraceFile {
  std::filesystem::path path;
  std::string environment_id;
  EnvironmentSpec spec;
  std::vector<Trace> traces;
};

/// Reads recorded traces: a JSON object with `id`, `max_episode_steps`, `reward_threshold` (a number or null),
/// `observation_space`, `action_space` (as parse_space() takes them), and `traces`, each with `initial_state`,
/// `initial_observation`, `actions`, `observations`, `rewards` and `terminated`. Python's bare Infinity and -Infinity
/// count as numbers. Throws Error, with the file's name, if the file is missing, not JSON or incomplete, or does not
/// fit its own spaces.
TraceFile read_traces(const std::filesystem::path& path);

/// The deviation of an environment from recorded traces.
struct ReplayReport {
  std::size_t traces = 0;
  std::size_t steps = 0;
  double largest_deviation = 0.0;            ///< of an observation or reward; infinite if one is not a number
  std::string largest_at;                    ///< "trace 3, step 14: observation[2]"; empty if nothing deviates
  std::size_t terminated_mismatches = 0;     ///< steps whose `terminated` differs
  std::string first_terminated_mismatch_at;  ///< "trace 3, step 14"; empty if there is none
};

/// Replays traces: sets each initial state, takes the recorded actions and compares the results. A trace ends when
/// either side terminates; step limits do not end it. Throws Error if the environment's spaces, step limit or reward
/// threshold differ from the recorded ones, or if its state cannot be set.
ReplayReport replay_traces(const TraceFile& file, Environment& environment);

}  // namespace sounder
