#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/checkpoint/checkpoint.h"

namespace sounder {

// The checkpoints in a run's folder: checkpoints/<step>.safetensors, with links `last` and `best`. A killed process may
// have left one without a link.

/// Selects one of a run's checkpoints.
enum class WhichCheckpoint { last, best };

/// Returns the file of a checkpoint: the `best` or `last` of a run's folder, or the given path if it is a file. Without
/// a `best`, in a run that was never evaluated, takes the `last`, and without a `last` the newest. Throws Error if
/// there is no checkpoint.
std::filesystem::path find_checkpoint(const std::filesystem::path& run_or_checkpoint, WhichCheckpoint which);

/// Returns whether a run's folder contains a checkpoint, including damaged ones.
bool holds_checkpoint(const std::filesystem::path& run);

/// Returns whether the process of a run was killed before its first checkpoint, so that its folder contains nothing to
/// continue from or to keep.
bool is_barren(const std::filesystem::path& run);

/// A checkpoint from which a run continues.
struct ResumePoint {
  Checkpoint checkpoint;
  std::filesystem::path file;
  std::string warning;  ///< one line if it is not the run's last checkpoint; else empty
};

/// Loads a run's last checkpoint, or, if that is damaged, the newest one that loads. Throws the first Error if none
/// does.
ResumePoint load_resume_point(const std::filesystem::path& run);

/// Saves a checkpoint in a run's folder atomically, updates the links (`last` never returns to an earlier step), and
/// returns its path. Throws Error.
std::filesystem::path add_checkpoint(const std::filesystem::path& run, const Checkpoint& checkpoint,
                                     CheckpointMark mark);

/// Removes the checkpoints without a link, except for the newest `kept`. Ignores those that cannot be removed.
void prune_checkpoints(const std::filesystem::path& run, std::size_t kept);

/// Removes the checkpoints after a step, links `last` to that step's, and removes `best` if its target is gone. Throws
/// Error.
void cut_checkpoints(const std::filesystem::path& run, std::int64_t step);

}  // namespace sounder
