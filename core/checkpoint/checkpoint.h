#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/checkpoint/safetensors.h"
#include "envs/error.h"

namespace sounder {

/// The counts of one worker. With the run's seed, they determine the worker's random numbers.
struct WorkerCount {
  std::int64_t steps = 0;
  std::int64_t episodes_begun = 0;
  friend bool operator==(const WorkerCount&, const WorkerCount&) = default;
};

/// A run's progress, besides what it has learnt.
struct TrainingProgress {
  std::int64_t step = 0;  ///< global step
  std::int64_t updates = 0;
  std::int64_t episodes = 0;                 ///< finished
  double seconds = 0;                        ///< seconds of training
  std::int64_t solved_step = -1;             ///< global step at which the run was solved; -1 if not yet
  double solved_seconds = 0;                 ///< seconds of training until then
  double best_mean_return = 0;               ///< best of the evaluations; valid once there is a `best` checkpoint
  bool evaluated = false;                    ///< whether there was any evaluation
  std::vector<WorkerCount> workers;          ///< by worker
  std::vector<double> recent_returns;        ///< of the last episodes, oldest first, at most kMostRecent
  std::vector<std::int64_t> recent_lengths;  ///< of the same episodes, steps
  static constexpr std::size_t kMostRecent = 100;
  friend bool operator==(const TrainingProgress&, const TrainingProgress&) = default;
};

/// A self-contained saved run: what it learnt, in which environment, and with which configuration.
///
/// Its file is in the safetensors layout. Statistics of doubles come first, each as "optimizer/<name>", so that they
/// are aligned; then the parameters, by their own names; then the other statistics, named likewise. Everything else is
/// stored in `__metadata__` as strings, under the names of the members below: texts unchanged, numbers with the fewest
/// digits that read back exactly, lists as JSON arrays (`workers` as
/// [[steps,episodes_begun],...]), and the format version as `sounder_format`.
struct Checkpoint {
  std::string config;             ///< the effective configuration, TOML
  std::string environment;        ///< id
  std::string observation_space;  ///< as formatted by describe(Space)
  std::string action_space;       ///< formatted in the same way
  /// The spaces before wrappers, as by spaces_json(): what a policy exchanges with the world. Empty in files of
  /// format 1.
  std::string spaces;
  std::string network;     ///< the network's description
  std::uint64_t seed = 0;  ///< of the run
  TrainingProgress progress;
  std::vector<Tensor> parameters;  ///< of floats, by the network's own names
  /// Those of the optimizer and whatever else the sharing scheme saves, flat, by their own names; those of doubles
  /// first.
  std::vector<Tensor> statistics;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The links that a run points at a checkpoint: `last`, from which to resume, or also `best`.
enum class CheckpointMark { last, last_and_best };

/// Reports an intact checkpoint whose format version is later than this version of Sounder reads.
class LaterFormatError : public Error {
 public:
  using Error::Error;
};

/// The version that is written. Later versions are rejected. Increase it for changes that old readers would misread.
constexpr int kCheckpointFormatVersion = 2;

/// Writes a checkpoint to a file atomically (see write_file_atomically(); use replace_link_atomically() for links).
/// Throws Error for I/O errors such as a full disk, and for content that load_checkpoint() would reject, such as
/// non-finite tensors. An existing file is then unchanged.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Reads a checkpoint. Any deviation from what save_checkpoint writes (missing, empty, truncated, one bit flipped,
/// another format version, trailing bytes, a NaN, an infinity, a count below 0 or above 2^53) throws an Error that
/// names it; for a later format version, a LaterFormatError.
Checkpoint load_checkpoint(const std::filesystem::path& path);

}  // namespace sounder
