#include "core/running/run_lock.h"

#include <fmt/format.h>

#include "envs/error.h"

namespace sounder {
namespace {

FileLock take(const std::filesystem::path& folder) {
  if (auto lock = FileLock::take(folder / "run.lock", FileLock::Holder::process)) return *std::move(lock);
  throw Error(fmt::format("another process is training in '{}'; wait until it has ended, or name another folder",
                          folder.string()));
}

}  // namespace

void require_run(const std::filesystem::path& folder) {
  if (std::error_code error; !std::filesystem::exists(folder / "config.toml", error)) {
    throw Error(fmt::format("'{}' is not a run folder: expected a config.toml in it", folder.string()));
  }
}

RunLock::RunLock(const std::filesystem::path& folder) : lock_(take(folder)) {}

}  // namespace sounder
