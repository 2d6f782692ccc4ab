#include "core/remote/protocol.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

namespace sounder::remote {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::initializer_list<int> values) {
  Bytes result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

Bytes bytes(std::string_view text) {
  Bytes result;
  for (const char c : text) result.push_back(static_cast<std::byte>(c));
  return result;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes written(const FrameWriter& writer) {
  return {writer.bytes().begin(), writer.bytes().end()};
}

TEST_CASE("hello is what the specification says, byte by byte") {
  FrameWriter writer;
  const std::vector<OptionValues> options{{{"length", "0.7"}}};
  write_hello(writer, options);
  const std::string json = R"({"options":[{"length":"0.7"}]})";
  REQUIRE(json.size() == 30);
  // length 39 = type 1 + magic 4 + version 2 + zero 2 + 30
  CHECK(written(writer) == bytes({39, 0, 0, 0, 1, 'S', 'N', 'D', 'R', 1, 0, 0, 0}) + bytes(json));
}

TEST_CASE("requests are what the specification says, byte by byte, for every kind of action") {
  FrameWriter writer;
  writer.begin(FrameType::reset);
  writer.put(std::uint32_t{2});
  writer.put(std::uint64_t{0x0102030405060708});
  writer.end();
  CHECK(written(writer) == bytes({13, 0, 0, 0, 3, 2, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1}));

  writer.clear();
  writer.begin(FrameType::step);
  writer.put(Action(std::int64_t{-2}));
  writer.end();
  CHECK(written(writer) == bytes({9, 0, 0, 0, 4, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));

  writer.clear();
  writer.begin(FrameType::step);
  const std::array floats{1.0F, -2.0F};  // 0x3f800000, 0xc0000000
  writer.put(Action(std::span<const float>(floats)));
  writer.end();
  CHECK(written(writer) == bytes({9, 0, 0, 0, 4, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}));

  writer.clear();
  writer.begin(FrameType::close);
  writer.end();
  writer.begin(FrameType::step);  // behind another one
  const std::array<std::int64_t, 2> choices{1, 3};
  writer.put(Action(std::span<const std::int64_t>(choices)));
  writer.end();
  CHECK(written(writer) == bytes({1, 0, 0, 0, 8, 17, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("a frame takes as many environments as its answer, or the request, has room for") {
  const auto most = [](const Space& observations, const Space& actions) {
    return most_requests({.id = "It", .spec = {.observation_space = observations, .action_space = actions}});
  };
  // 16777215 bytes after the type, by 12 for a reset, 12 + 4 n for a result, 4 + 4 n or 4 + 8 n for a step.
  CHECK(most(Discrete{5}, Discrete{2}) == 16'777'215 / 16);
  CHECK(most(MultiBinary{1'000'000}, Discrete{2}) == 4);
  CHECK(most(MultiBinary{4'194'300}, Discrete{2}) == 1);
  CHECK_THROWS_WITH(most(MultiBinary{4'194'301}, Discrete{2}),
                    Catch::Contains("fit into a frame of 16777216 bytes; got 16777216 and 12 bytes"));
  CHECK(most(Discrete{5}, MultiBinary{1'000'000}) == 2);
  CHECK(most(Discrete{5}, MultiDiscrete{std::vector<std::int64_t>(1'000'000, 3)}) == 2);
  CHECK(most(Discrete{5}, Box::uniform(0, 1, {1'000'000})) == 4);
  // 12 + 4 + 5 bytes of a result with a mask
  const Space several = MultiDiscrete{{2, 3}};
  CHECK(
      most_requests({.id = "It", .spec = {.observation_space = Discrete{5}, .action_space = several}, .masks = true}) ==
      16'777'215 / 21);
}

TEST_CASE("a header's length and type are checked before anything is made of them") {
  const auto decode = [](const Bytes& five) { return decode_header(std::span(five).first<kHeaderBytes>()); };
  CHECK(decode(bytes({17, 0, 0, 0, 5})).payload_size == 16);
  CHECK(decode(bytes({17, 0, 0, 0, 5})).type == FrameType::result);
  CHECK(decode(bytes({0, 0, 0, 1, 9})).payload_size == 16777215);  // the longest
  CHECK_THROWS_AS(decode(bytes({1, 0, 0, 1, 9})), Error);
  CHECK_THROWS_AS(decode(bytes({0, 0, 0, 0, 9})), Error);
  CHECK_THROWS_AS(decode(bytes({1, 0, 0, 0, 0})), Error);
  CHECK_THROWS_AS(decode(bytes({1, 0, 0, 0, 10})), Error);
  CHECK_THROWS_AS(decode(bytes({0xff, 0xff, 0xff, 0xff, 5})), Error);
  CHECK_THROWS_WITH(decode(bytes("Hello")), Catch::Matchers::Contains("48 65 6c 6c 6f, 'Hello'"));
}

const std::string kSpec =
    R"({"protocol":1,"id":"Own-v0","observation_space":{"type":"Box","low":[0],"high":[null],"shape":[1]},)"
    R"("action_space":{"type":"Discrete","n":2},"max_episode_steps":20,"reward_threshold":-1.5,"render":true})";

TEST_CASE("a spec is read; limit, threshold and pictures may be left out") {
  const RemoteSpec spec = decode_spec(bytes(kSpec));
  CHECK(spec.id == "Own-v0");
  CHECK(std::get<Box>(spec.spec.observation_space).high == std::vector{INFINITY});
  CHECK(spec.spec.action_space == Space(Discrete{2}));
  CHECK(spec.spec.max_episode_steps == 20);
  CHECK(spec.spec.reward_threshold == -1.5);
  CHECK(spec.renders);
  const RemoteSpec least = decode_spec(
      bytes(R"({"protocol":1,"id":"a","observation_space":{"type":"Discrete","n":2},"max_episode_steps":null,)"
            R"("action_space":{"type":"Discrete","n":2}})"));
  CHECK_FALSE(least.spec.max_episode_steps);
  CHECK_FALSE(least.spec.reward_threshold);
  CHECK_FALSE(least.renders);
}

TEST_CASE("a spec that is none is refused, and what is wrong is named") {
  struct Change {
    std::string from;
    std::string to;
    std::string problem;
  };
  const auto change = GENERATE(values<Change>({{R"("protocol":1)", R"("protocol":2)", "version 1"},
                                               {R"("protocol":1,)", "", "protocol"},
                                               {R"("Own-v0")", R"("")", "id of 1 to 100"},
                                               {R"("Own-v0")", R"("a b")", "id of 1 to 100"},
                                               {R"("Own-v0")", R"("a\u001bb")", "control characters; got 'a?b'"},
                                               {R"("Own-v0")", R"("a\u202eb")", "control characters; got 'a?b'"},
                                               {R"("Own-v0")", "7", "a text as id"},
                                               {R"("n":2)", R"("n":0)", "action_space"},
                                               {"20", "0", "max_episode_steps"},
                                               {"20", "1.5", "max_episode_steps"},
                                               {"-1.5", R"("x")", "reward_threshold"},
                                               {"-1.5", "1e999", "reward_threshold"},
                                               {"true", "1", "render"},
                                               {"{", "[", "JSON"},
                                               {kSpec, "7", "object"},
                                               {kSpec, "", "JSON"}}));
  std::string text = kSpec;
  text.replace(text.find(change.from), change.from.size(), change.to);
  INFO(text);
  CHECK_THROWS_WITH(decode_spec(bytes(text)), Catch::Matchers::Contains(change.problem));
}

TEST_CASE("an id may have letters of every language") {
  std::string text = kSpec;
  text.replace(text.find("Own"), 3, "倒立振子Größe");
  CHECK(decode_spec(bytes(text)).id == "倒立振子Größe-v0");
}

TEST_CASE("a spec says what flattened observations were put together from") {
  std::string text =
      R"({"protocol":1,"id":"P-v0","observation_space":{"type":"Box","low":[0,0,0],"high":[1,1,1],"shape":[3]},)"
      R"("action_space":{"type":"Discrete","n":2},"observation_parts":)"
      R"([{"name":"mode","space":"Discrete(2), one-hot","numbers":2},{"name":"x\n","space":"Box [1]","numbers":1}]})";
  const std::vector<ObservationPart> expected{{"mode", "Discrete(2), one-hot", 2}, {"x?", "Box [1]", 1}};
  CHECK(decode_spec(bytes(text)).observation_parts == expected);
  CHECK(decode_spec(bytes(kSpec)).observation_parts.empty());
  for (
      const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
          {R"("numbers":2)", R"("numbers":3)"},  // 4 in all
          {R"("numbers":2)", R"("numbers":1)"},  // 2 in all
          {R"("numbers":2)", R"("numbers":-2)"},
          {R"("numbers":2)", R"("numbers":9223372036854775807)"},
          {R"("name":"mode",)", ""},
          {R"("mode")", "7"},
          {R"([{"name")", R"([7,{"name")"},
          {R"([{"name":"mode","space":"Discrete(2), one-hot","numbers":2},{"name":"x\n","space":"Box [1]","numbers":1}])",
           "7"}}) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    INFO(changed);
    CHECK_THROWS_WITH(decode_spec(bytes(changed)),
                      Catch::Matchers::Contains("observation_parts, with 3 numbers in all"));
  }
}

TEST_CASE("results are read in the order of the request") {
  const Bytes payload = bytes({7, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 1, 0, 0, 0, 0, 0, 0x40}) +
                        bytes({9, 0, 0, 0, 0, 0, 0x80, 0xbf, 1, 0, 0, 0, 0, 0, 0x40, 0x40});
  ResultReader reader(payload, 2, {.observation = 1});
  float observation = 0;
  const StepResult first = reader.next(7, {&observation, 1});
  CHECK(first.reward == 1);
  CHECK_FALSE(first.terminated);
  CHECK(first.truncated);
  CHECK(observation == 2);
  const StepResult second = reader.next(9, {&observation, 1});
  CHECK(second.reward == -1);
  CHECK(second.terminated);
  CHECK_FALSE(second.truncated);
  CHECK(observation == 3);

  CHECK_THROWS_WITH(ResultReader(payload, 2, {.observation = 2}),
                    Catch::Matchers::Contains("expected a result of 40 bytes") && Catch::Matchers::Contains("got 32"));
  CHECK_THROWS_WITH(ResultReader(payload, 2, {.observation = 1}).next(8, {&observation, 1}),
                    Catch::Matchers::Contains("environment 8; got that of 7"));
}

TEST_CASE("a result's flags are 0 or 1, and zeros follow") {
  float observation = 0;
  const auto position = GENERATE(8U, 9U, 10U, 11U);
  Bytes payload = bytes({7, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 1, 0, 0, 0, 0, 0, 0x40});
  payload[position] = std::byte{2};
  CHECK_THROWS_AS(ResultReader(payload, 1, {.observation = 1}).next(7, {&observation, 1}), Error);
}

TEST_CASE("a mask follows an observation where the number before it says so, else all actions are allowed") {
  const Bytes head = bytes({7, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0});
  const Bytes masked = head + bytes({1, 0, 0, 0, 0, 0x40, 1, 0, 1});
  const Bytes unmasked = head + bytes({0, 0, 0, 0, 0x40, 0x40});
  using Mask = std::vector<std::uint8_t>;
  float observation = 0;
  Mask mask(3, 9);
  for (const Bytes& payload : {masked + unmasked + masked, unmasked + masked + unmasked}) {
    ResultReader reader(payload, 3, {.observation = 1, .mask = 3});
    for (int i = 0; i < 3; ++i) {
      reader.next(7, {&observation, 1}, mask);
      CHECK(mask == (observation == 2 ? Mask{1, 0, 1} : Mask{1, 1, 1}));
    }
  }
  const auto read = [&](const Bytes& payload, const ResultSize& size) {
    ResultReader reader(payload, 1, size);
    reader.next(7, {&observation, 1}, std::span(mask).first(size.mask));
  };
  const ResultSize size{.observation = 1, .mask = 3};
  CHECK_THROWS_WITH(read(head + bytes({1, 0, 0, 0, 0, 0x40, 1, 0}), size),
                    Catch::Contains("expected a result of 19 bytes") && Catch::Contains(" and masks of 3; got 18"));
  CHECK_THROWS_AS(read(masked + bytes({1}), size), Error);
  CHECK_THROWS_AS(read(unmasked + bytes({1}), size), Error);
  CHECK_THROWS_WITH(read(head + bytes({1, 0, 0, 0, 0, 0x40, 1, 2, 1}), size),
                    Catch::Contains("expected 0 or 1 as a number of an action mask; got 2"));
  CHECK_THROWS_AS(read(head + bytes({2, 0, 0, 0, 0, 0x40}), size), Error);
  CHECK_THROWS_AS(read(head + bytes({1, 0, 0, 0, 0, 0x40}), {.observation = 1}), Error);  // it said that none comes
}

TEST_CASE("a spec says whether masks may come, of actions that are choices") {
  const auto decode = [](const std::string& action_space, const std::string& rest) {
    return decode_spec(bytes(R"({"protocol":1,"id":"a","observation_space":{"type":"Discrete","n":3},"action_space":)" +
                             action_space + rest + "}"));
  };
  const std::string discrete = R"({"type":"Discrete","n":4})";
  CHECK_FALSE(decode(discrete, "").masks);
  CHECK(decode(discrete, "").mask_size() == 0);
  CHECK_FALSE(decode(discrete, R"(,"action_mask":null)").masks);
  CHECK_FALSE(decode(discrete, R"(,"action_mask":false)").masks);
  CHECK(decode(discrete, R"(,"action_mask":true)").masks);
  CHECK(decode(discrete, R"(,"action_mask":true)").mask_size() == 4);
  CHECK_FALSE(decode(discrete, R"(,"action_mask":true)") == decode(discrete, ""));
  CHECK_THROWS_WITH(decode(discrete, R"(,"action_mask":1)"), Catch::Contains("expected true or false as action_mask"));
  CHECK_THROWS_WITH(
      decode(R"({"type":"MultiBinary","n":3})", R"(,"action_mask":true)"),
      Catch::Contains("expected Discrete or MultiDiscrete actions with an action_mask; got MultiBinary(3)"));
}

TEST_CASE("a picture has the size that it says, within limits") {
  const Bytes pixels(6, std::byte{9});
  const Picture picture = decode_picture(bytes({2, 0, 0, 0, 1, 0, 0, 0}) + pixels);
  CHECK(picture.width == 2);
  CHECK(picture.height == 1);
  CHECK(picture.pixels.size() == 6);
  CHECK_THROWS_AS(decode_picture(bytes({1, 0, 0, 0, 1, 0, 0, 0}) + pixels), Error);
  CHECK_THROWS_AS(decode_picture(bytes({0, 0, 0, 0, 1, 0, 0, 0})), Error);
  CHECK_THROWS_AS(decode_picture(bytes({161, 0, 0, 0, 1, 0, 0, 0}) + Bytes(3 * 161)), Error);
  CHECK_THROWS_AS(decode_picture(bytes({1, 0, 0, 0, 121, 0, 0, 0}) + Bytes(3 * 121)), Error);
  CHECK_THROWS_AS(decode_picture(bytes({1, 0})), Error);
}

TEST_CASE("seeds are sent below 2^31, and those that are below it as they are") {
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 31U;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, kEnd - 1}) CHECK(portable_seed(seed) == seed);
  CHECK(portable_seed(kEnd) == 1);                     // bit 31 is folded onto bit 0
  CHECK(portable_seed(std::uint64_t{3} << 62U) == 3);  // bits 62 and 63 onto bits 0 and 1
  CHECK(portable_seed(~std::uint64_t{0}) == 3);        // 31 ones twice are none, and two are left
  CHECK(portable_seed(0x0123456789abcdef) < kEnd);
  // Seeds that differ above bit 31 alone stay apart.
  CHECK(portable_seed(std::uint64_t{5} << 33U) != portable_seed(std::uint64_t{6} << 33U));
}

TEST_CASE("a frame longer than a receiver takes is not sent") {
  FrameWriter writer;
  writer.begin(FrameType::step);
  const std::vector<float> most((kMostFrameBytes - 1) / sizeof(float));
  writer.put(Action(std::span<const float>(most)));
  writer.end();
  writer.put(1.0F);
  CHECK_THROWS_AS(writer.end(), Error);
}

}  // namespace
}  // namespace sounder::remote
