#include "core/metrics/files.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "envs/error.h"

namespace sounder {

std::string read_text_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 1U << 16U> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    throw Error(fmt::format("cannot read '{}': {}", path.string(), std::generic_category().message(errno)));
  }
  return text;
}

void rethrow_as_error(const std::filesystem::filesystem_error& error) {
  throw Error(fmt::format("cannot use '{}': {}", error.path1().string(), error.code().message()));
}

}  // namespace sounder
