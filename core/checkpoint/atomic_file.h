#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace sounder {

/// Replaces a file's content, whole or not at all, also across a crash or a power cut: writes to a temporary name in
/// the same folder, fsync, rename, fsync of the folder. Blocks for the disk.
///
/// Throws Error and leaves the old file, and no temporary one, if anything fails (but for the folder's fsync: the new
/// file then stands, though a power cut may still undo it). A file size limit (EFBIG) is reported only to a process
/// that ignores SIGXFSZ, which ends it otherwise.
///
/// The temporary name is one per folder, `.partial`: what a killed process leaves is removed by the next write there,
/// and by remove_partial.
/// Threads and processes that write into one folder take turns, by a lock on the folder; where the file system has no
/// such lock (some network ones), only one at a time may write there.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content);

/// Makes `link` a symbolic link to `target` (as it is to be read from link's folder), replacing an older link or file
/// in one step. It is as durable as write_file_atomically, and throws the same errors.
void replace_link_atomically(const std::filesystem::path& link, const std::filesystem::path& target);

/// Removes what a killed process left under the temporary name in a folder, if anything. Throws Error.
void remove_partial(const std::filesystem::path& folder);

}  // namespace sounder
