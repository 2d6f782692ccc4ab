#include "apps/each_once.h"

#include <algorithm>
#include <system_error>

namespace sounder {

namespace fs = std::filesystem;

std::vector<fs::path> each_once(std::span<const fs::path> paths) {
  std::vector<fs::path> seen;
  std::vector<fs::path> unique;
  for (const fs::path& path : paths) {
    std::error_code error;
    fs::path real = fs::canonical(path, error);
    if (error) real = path;  // its reader reports a missing file
    if (std::ranges::find(seen, real) != seen.end()) continue;
    seen.push_back(std::move(real));
    unique.push_back(path);
  }
  return unique;
}

}  // namespace sounder
