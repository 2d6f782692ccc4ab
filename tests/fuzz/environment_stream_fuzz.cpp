// libFuzzer's entry: see the preset `fuzz` and tests/fuzz/run.sh.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/environment_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  sounder::fuzz::read_environment_stream(std::as_bytes(std::span(bytes, size)));
  return 0;
}
