#include "core/space_json.h"

#include <boost/json.hpp>
#include <limits>
#include <string>

#include "envs/error.h"
#include "tests/catch.h"

namespace sounder {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST_CASE("spaces are written as Gymnasium names their parts, and read back") {
  const auto [space, text] = GENERATE(table<Space, std::string>({
      {Discrete{3}, R"({"type":"Discrete","n":3})"},
      {Box{.low = {-1, -kInfinity}, .high = {1, kInfinity}, .shape = {2, 1}},
       R"({"type":"Box","low":[-1E0,null],"high":[1E0,null],"shape":[2,1]})"},
      {MultiDiscrete{{2, 5}}, R"({"type":"MultiDiscrete","nvec":[2,5]})"},
      {MultiBinary{4}, R"({"type":"MultiBinary","n":4})"},
  }));
  CHECK(boost::json::serialize(space_json(space)) == text);
  CHECK(parse_space(boost::json::parse(text), "here") == space);
}

TEST_CASE("an environment's two spaces are one text, which is read back to the last bit") {
  const Spaces spaces{.observation = Box{.low = {-0.1F, -kInfinity}, .high = {1e-30F, kInfinity}, .shape = {2}},
                      .action = Discrete{3}};
  const std::string text = spaces_json(spaces);
  CHECK(text.starts_with(R"({"observation":{"type":"Box","low":[)"));
  CHECK(text.ends_with(R"("action":{"type":"Discrete","n":3}})"));
  CHECK(parse_spaces(text, "here") == spaces);
  for (const std::string bad : {"", "{", "[]", R"({"observation":{"type":"Discrete","n":2}})"}) {
    INFO(bad);
    CHECK_THROWS_WITH(parse_spaces(bad, "here"), R"(here: expected a JSON object with "observation" and "action")");
  }
  CHECK_THROWS_WITH(parse_spaces(R"({"observation":{"type":"Discrete","n":2},"action":3})", "here"),
                    "here: action: expected an object that describes a space");
}

TEST_CASE("a box's shape is that of its bounds, where none is given") {
  const auto parse = [](const char* text) { return parse_space(boost::json::parse(text), "here"); };
  CHECK(parse(R"({"type":"Box","low":[0,-1],"high":[1,null]})") ==
        Space(Box{.low = {0, -1}, .high = {1, kInfinity}, .shape = {2}}));
  CHECK(parse(R"({"type":"Box","low":[[0,1],[2,3],[4,5]],"high":[[6,6],[6,6],[6,6]]})") ==
        Space(Box{.low = {0, 1, 2, 3, 4, 5}, .high = {6, 6, 6, 6, 6, 6}, .shape = {3, 2}}));
}

TEST_CASE("what is no space is refused, and named") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {"3", "expected an object"},
      {R"({"n":3})", "\"type\""},
      {R"({"type":"Dict"})", "Discrete, Box, MultiDiscrete or MultiBinary"},
      {R"({"type":"Discrete","n":0})", "1 to"},
      {R"({"type":"Discrete","n":2.5})", "whole"},
      {R"({"type":"Discrete","n":1e9})", "whole"},
      {R"({"type":"Discrete","n":100000000})", "1 to 16777216"},
      {R"({"type":"MultiBinary","n":-1})", "1 to"},
      {R"({"type":"MultiDiscrete","nvec":[]})", "a list"},
      {R"({"type":"MultiDiscrete","nvec":[2,"3"]})", "whole"},
      {R"({"type":"Box","high":[1]})", "a list as \"low\""},
      {R"({"type":"Box","low":[],"high":[]})", "a list as \"low\""},
      {R"({"type":"Box","low":[[]],"high":[1]})", "as many bounds"},
      {R"({"type":"Box","low":[[0,0],[0]],"high":[1,1,1]})", "as many elements"},
      {R"({"type":"Box","low":[0],"high":[1],"shape":2})", "shape"},
      {R"({"type":"Box","low":[0,0],"high":[1],"shape":[2]})", "as many bounds"},
      {R"({"type":"Box","low":[0],"high":[1],"shape":[2]})", "as many elements"},
      {R"({"type":"Box","low":[0],"high":[1],"shape":[4000000,4000000,4000000]})", "at most"},
      {R"({"type":"Box","low":[2],"high":[1],"shape":[1]})", "low <= high"},
      {R"({"type":"Box","low":["a"],"high":[1],"shape":[1]})", "numbers or null"},
  }));
  INFO(text);
  try {
    parse_space(boost::json::parse(text), "spec: action_space");
    FAIL("it was taken");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).starts_with("spec: action_space: expected"));
    CHECK(std::string(error.what()).find(problem) != std::string::npos);
  }
}

}  // namespace
}  // namespace sounder
