#include "core/config/toml_limits.h"

#include "core/config/config.h"
#include "envs/error.h"
#include "tests/catch.h"

using sounder::apply_toml;
using sounder::TrainConfig;
using sounder::UsageError;

namespace {

std::string error_of(const std::string& toml) {
  TrainConfig config;
  try {
    apply_toml(config, toml, "run.toml");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

std::string repeated(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("TOML nested too deep for a configuration is refused before it is parsed") {
  constexpr int kMany = 50'000;  // more than the stack holds
  const std::string key = repeated("a.", kMany) + "a";
  const std::string quoted_key = repeated("'a' . ", kMany) + "a";
  for (const std::string& line : {
           "[" + key + "]", key + " = 1", "[[" + key + "]]", quoted_key + " = 1", "x = { " + key + " = 1 }",
           R"(x = {y = """z"""", )" + key + " = 1}",   // a quote of the content and the closing three
           R"(x = {y = """z""""", )" + key + " = 1}",  // two quotes of the content and the closing three
           R"(x = {y = '\', )" + key + " = 1}",        // not an escape
       }) {
    INFO(line.substr(0, 40));
    CHECK(error_of("seed = 1\n" + line) ==
          "run.toml:2: expected a configuration, which has no tables; got more than 64 dots in a line");
  }
  for (const char* bracket : {"[", "{a = "}) {
    CHECK(error_of("\nseed = " + repeated(bracket, kMany)) ==
          "run.toml:2: expected a configuration, which has no tables; got more than 64 brackets in each other");
  }
  // The deepest accepted text, level by level, is parsed, and then refused as a configuration.
  CHECK(error_of("seed = " + repeated("[\n{" + repeated("a.", 60) + "a = ", 32) + "1" + repeated("}\n]", 32))
            .starts_with("run.toml:1: seed: expected integer"));
}

TEST_CASE("TOML longer than any configuration is refused") {
  CHECK(error_of("#" + std::string((1 << 20) - 1, 'x')) == "no error");
  CHECK(error_of("#" + std::string(1 << 20, 'x')) ==
        "run.toml: expected a configuration of at most 1048576 bytes, got 1048577");
}

TEST_CASE("Dots and brackets in comments and strings do not count") {
  const std::string many = std::string(100, '.') + std::string(100, '[');
  TrainConfig config;
  apply_toml(config,
             "# " + many + "\nenv_command = \"\\\"" + many + "\" # \" " + many + "\nenv_connect = '''\n" + many +
                 "'\n" + many + "''''\nalgorithm = '" + many + "\\'\nbackend = \"\"\"" + many +
                 "\\\"\"\"\"\nwrappers = [\"" + many + "\", \"\", '" + many + "']\n",
             "run.toml");
  CHECK(config.env_command == "\"" + many);
  CHECK(config.env_connect == many + "'\n" + many + "'");
  CHECK(config.algorithm == many + "\\");
  CHECK(config.backend == many + "\"");
  CHECK(config.wrappers == std::vector<std::string>{many, "", many});
}
