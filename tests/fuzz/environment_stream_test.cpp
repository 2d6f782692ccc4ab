// What the fuzzer found worth keeping, in every build: the sanitizers watch it, too.
#include "tests/fuzz/environment_stream.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/catch.h"

TEST_CASE("whatever an environment process sends is decoded, or refused with an error") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SOUNDER_TEST_DATA "/fuzz/environment_stream")) {
    INFO(entry.path().string());
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    CHECK_NOTHROW(sounder::fuzz::read_environment_stream(std::as_bytes(std::span(bytes))));
    ++count;
  }
  CHECK(count > 50);
}
