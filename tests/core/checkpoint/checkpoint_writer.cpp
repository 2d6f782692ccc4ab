// checkpoint_writer FOLDER STEP: saves the checkpoints of STEP, STEP + 1, ... in the folder as fast as possible, each
// to <step>.safetensors and over rewritten.safetensors, links `last` to it, and then writes its step to standard
// output, as 8 bytes. Ends when it is killed or its output has no reader.

#include <unistd.h>

#include <cstdio>
#include <exception>

#include "core/checkpoint/atomic_file.h"
#include "tests/core/checkpoint/fixtures.h"

int main(int, char** arguments) try {
  const std::filesystem::path folder = arguments[1];
  const auto name = [](std::int64_t step) { return std::to_string(step) + ".safetensors"; };
  for (std::int64_t step = std::stoll(arguments[2]);; ++step) {
    const auto checkpoint = sounder::test::checkpoint_of_step(step);
    sounder::save_checkpoint(folder / name(step), checkpoint);
    sounder::save_checkpoint(folder / "rewritten.safetensors", checkpoint);
    sounder::replace_link_atomically(folder / "last", name(step));
    if (::write(STDOUT_FILENO, &step, sizeof step) != sizeof step) return 0;
    std::filesystem::remove(folder / name(step - 5));
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "checkpoint_writer: %s\n", error.what());
  return 1;
}
