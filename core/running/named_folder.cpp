#include "core/running/named_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "envs/error.h"

namespace sounder {

namespace fs = std::filesystem;

fs::path make_named_folder(const fs::path& root, std::string name) {
  std::ranges::replace(name, '/', '-');
  name += fmt::format("__{:%Y%m%d-%H%M%S}", fmt::localtime(std::time(nullptr)));
  fs::path path = root / name;
  try {
    fs::create_directories(root);
    // Creating the folder also detects a name that is taken: two may be created within the same second.
    for (int count = 2; !fs::create_directory(path); ++count) path = root / fmt::format("{}-{}", name, count);
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("cannot make the folder '{}': {}", path.string(), error.code().message()));
  }
  return path;
}

}  // namespace sounder
