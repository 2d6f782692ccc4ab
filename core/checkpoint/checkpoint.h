#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/checkpoint/safetensors.h"
#include "envs/error.h"

namespace sounder {

/// What one worker counted: with the run's seed, it determines the worker's random numbers.
struct WorkerCount {
  std::int64_t steps = 0;
  std::int64_t episodes_begun = 0;
  friend bool operator==(const WorkerCount&, const WorkerCount&) = default;
};

/// Where a run stands, besides what it has learnt.
struct TrainingProgress {
  std::int64_t step = 0;  ///< global step
  std::int64_t updates = 0;
  std::int64_t episodes = 0;                 ///< finished
  double seconds = 0;                        ///< of training
  std::int64_t solved_step = -1;             ///< global step at which the run was solved; -1 if not yet
  double solved_seconds = 0;                 ///< seconds of training until then
  double best_mean_return = 0;               ///< of the evaluations; meaningful once there is a `best` checkpoint
  bool evaluated = false;                    ///< whether there was any evaluation
  std::vector<WorkerCount> workers;          ///< by worker
  std::vector<double> recent_returns;        ///< of the last episodes, oldest first, at most kMostRecent
  std::vector<std::int64_t> recent_lengths;  ///< of the same episodes, steps
  static constexpr std::size_t kMostRecent = 100;
  friend bool operator==(const TrainingProgress&, const TrainingProgress&) = default;
};

/// A saved run, complete in itself: what was learnt, on what, and how.
///
/// Its file is in the safetensors layout. The parameters come first, by their own names; then the statistics, each as
/// "optimizer/<name>". All else is in `__metadata__`, as strings, by the names of the members below: texts as they are,
/// numbers in the fewest digits that read back exactly, lists as JSON arrays (of `workers`:
/// [[steps,episodes_begun],...]), and the format version as `sounder_format`.
struct Checkpoint {
  std::string config;             ///< the effective configuration, TOML
  std::string environment;        ///< id
  std::string observation_space;  ///< as describe(Space) words it
  std::string action_space;       ///< described as the observation space is
  std::string network;            ///< the network's description
  std::uint64_t seed = 0;         ///< of the run
  TrainingProgress progress;
  std::vector<Tensor> parameters;  ///< by the network's own names
  std::vector<Tensor> statistics;  ///< the optimizer's, flat, by its own names
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// What a run calls a checkpoint besides its step: the last one, to go on from, or the best one so far, too.
enum class CheckpointMark { last, last_and_best };

/// A checkpoint that is not damaged, but of a later format version than this Sounder reads.
class LaterFormatError : public Error {
 public:
  using Error::Error;
};

/// Later versions are refused; a change that old readers would misread raises it.
constexpr int kCheckpointFormatVersion = 1;

/// Writes a checkpoint to a file, whole or not at all: see write_file_atomically, and link it with
/// replace_link_atomically. Throws Error (a full disk, a folder that cannot be written) and for what load_checkpoint
/// would refuse, such as non-finite tensors; a file that stood there before is then untouched.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Reads a checkpoint. Any deviation from what save_checkpoint writes (missing, empty, truncated, one bit flipped,
/// another format version, trailing bytes, a NaN, an infinity, a count below 0 or above 2^53) throws an Error that
/// names it: for a later format version, a LaterFormatError.
Checkpoint load_checkpoint(const std::filesystem::path& path);

}  // namespace sounder
