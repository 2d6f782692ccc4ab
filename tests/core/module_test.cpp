#include "core/module.h"

#include <string>
#include <typeinfo>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/greeting_module.h"

namespace sounder {
namespace {

using testing::Greetings;

ModuleRequest request(std::string_view name, std::string_view interface = "greetings 1") {
  return {.name = name, .interface = interface, .remedy = "install greetings"};
}

/// The message of an Error (of no derived class, unless that is asked for) that loading a module throws.
template <class Thrown>
std::string message(const ModuleRequest& request) {
  try {
    load_module(request);
  } catch (const Thrown& error) {
    CHECK(typeid(error) == typeid(Thrown));
    return error.what();
  }
  FAIL("loaded " << request.name);
  return {};
}

TEST_CASE("a module is found beside the program, loaded, and not loaded again") {
  const auto file = find_module("greeting");
  REQUIRE(file);
  CHECK(file->filename() == "sounder_greeting.so");
  CHECK(file->is_absolute());
  const void* const functions = load_module(request("greeting"));
  CHECK(std::string(static_cast<const Greetings*>(functions)->greeting()) == "hello");
  CHECK(load_module(request("greeting")) == functions);
}

TEST_CASE("of a module that is missing, one sentence says where it was searched for and what to install") {
  CHECK_FALSE(find_module("parting"));
  CHECK(message<UsageError>(request("parting")) ==
        "sounder_parting.so is missing (it is searched for in this program's RUNPATH and in LD_LIBRARY_PATH): install "
        "greetings");
}

TEST_CASE("a module of another interface, a library that is no module, and a file that is no library are refused") {
  const std::string other = message<Error>(request("greeting", "greetings 2"));
  INFO(other);
  CHECK(other.starts_with(find_module("greeting")->string() + " is of another version of Sounder"));

  const std::string mute = message<Error>(request("mute"));
  INFO(mute);
  CHECK(mute.find("sounder_mute.so is no module of Sounder: ") != std::string::npos);

  const std::string text = message<Error>(request("text"));
  INFO(text);
  CHECK(text.starts_with("cannot load a module: "));
  CHECK(text.find("sounder_text.so") != std::string::npos);
  CHECK(text.ends_with(": install greetings"));
}

}  // namespace
}  // namespace sounder
