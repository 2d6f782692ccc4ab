#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/checkpoint/checkpoint.h"

namespace sounder {

// The checkpoints in a run's folder: checkpoints/<step>.safetensors, with links `last` and `best`. A process that was
// killed may have left one that no link names yet.

/// Which of a run's checkpoints.
enum class WhichCheckpoint { last, best };

/// Finds the file of a checkpoint: of a run's folder (its `best`, or its `last`), or a checkpoint file itself. A run
/// that was never evaluated has no `best`: its `last` is taken; where there is none either, the newest. Throws Error if
/// there is no checkpoint.
std::filesystem::path find_checkpoint(const std::filesystem::path& run_or_checkpoint, WhichCheckpoint which);

/// Tells whether a run's folder holds any checkpoint, damaged ones included.
bool holds_checkpoint(const std::filesystem::path& run);

/// Tells whether a run's folder is what a process left that was killed before its first checkpoint: there is nothing to
/// go on from, and nothing to keep.
bool is_barren(const std::filesystem::path& run);

/// A checkpoint to go on from.
struct ResumePoint {
  Checkpoint checkpoint;
  std::filesystem::path file;
  std::string warning;  ///< one line, where it is not the run's last checkpoint; else empty
};

/// Loads a run's last checkpoint; where that is damaged, the newest one that loads. Throws the first Error if none
/// does.
ResumePoint load_resume_point(const std::filesystem::path& run);

/// Saves a checkpoint in a run's folder, whole or not at all, lets the links name it (`last` never goes back to an
/// earlier step), and returns its path. Throws Error.
std::filesystem::path add_checkpoint(const std::filesystem::path& run, const Checkpoint& checkpoint,
                                     CheckpointMark mark);

/// Of the checkpoints that no link names, removes all but the newest `kept`; one that cannot be removed stays.
void prune_checkpoints(const std::filesystem::path& run, std::size_t kept);

/// Removes the checkpoints beyond a step, lets `last` name that step's, and removes `best` if it names none any more.
/// Throws Error.
void cut_checkpoints(const std::filesystem::path& run, std::int64_t step);

}  // namespace sounder
