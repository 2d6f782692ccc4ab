#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace sounder {

/// Replaces a file's content atomically, also across a crash or a power cut: writes to a temporary file in the same
/// folder, calls fsync, renames it, and calls fsync on the folder. Blocks for the disk.
///
/// Throws Error if anything fails, keeps the old file and removes the temporary one. Exception: if the folder's fsync
/// fails, the new file is in place, but a power cut may still undo it. A file size limit (EFBIG) is reported only if
/// the process ignores SIGXFSZ, which otherwise ends it.
///
/// Each folder has one temporary name, `.partial`. The next write there, or remove_partial(), removes a file left by a
/// killed process. A lock on the folder serialises threads and processes that write to it. On file systems without such
/// locks (some network ones), only one may write to a folder at a time.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content);
inline void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

/// Makes `link` a symbolic link to `target` (relative to link's folder), atomically replacing an older link or file. It
/// is as durable as write_file_atomically() and throws the same errors.
void replace_link_atomically(const std::filesystem::path& link, const std::filesystem::path& target);

/// Removes a temporary file that a killed process left in a folder, if any. Throws Error.
void remove_partial(const std::filesystem::path& folder);

}  // namespace sounder
