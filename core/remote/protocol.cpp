#include "core/remote/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "core/remote/printable.h"
#include "core/space_json.h"
#include "envs/error.h"

namespace sounder::remote {
namespace {

namespace json = boost::json;

/// Reads a number from the front of a span and removes it. The span must be long enough.
template <class Number>
Number take(std::span<const std::byte>& bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes = bytes.subspan(sizeof number);
  return number;
}

/// index, reward, terminated, truncated, mask flag
constexpr std::size_t kResultHeaderBytes = 12;

/// Returns whether a result has a mask, according to its header. The span must hold at least the header.
bool has_mask(std::span<const std::byte> result) {
  result = result.subspan(kResultHeaderBytes - sizeof(std::uint16_t));
  return take<std::uint16_t>(result) == 1;
}

bool take_flag(std::span<const std::byte>& bytes, std::string_view name) {
  const auto flag = take<std::uint8_t>(bytes);
  if (flag > 1) throw Error(fmt::format("expected 0 or 1 as {}; got {}", name, flag));
  return flag == 1;
}

const json::value* find(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

const json::value& require(const json::object& object, std::string_view key) {
  const json::value* const value = find(object, key);
  if (value == nullptr) throw Error(fmt::format("spec: expected a key \"{}\"; found none", key));
  return *value;
}

std::optional<std::int64_t> read_limit(const json::object& object) {
  const json::value* const value = find(object, "max_episode_steps");
  if (value == nullptr) return std::nullopt;
  const std::int64_t* const limit = value->if_int64();
  if (limit == nullptr || *limit < 1) throw Error("spec: expected a whole number of at least 1 as max_episode_steps");
  return *limit;
}

std::optional<double> read_threshold(const json::object& object) {
  const json::value* const value = find(object, "reward_threshold");
  if (value == nullptr) return std::nullopt;
  const double threshold = value->is_number() ? value->to_number<double>() : std::nan("");
  if (!std::isfinite(threshold)) throw Error("spec: expected a number as reward_threshold");
  return threshold;
}

std::string read_id(const json::object& object) {
  constexpr std::size_t kLongest = 100;
  const json::string* const id = require(object, "id").if_string();
  if (id == nullptr) throw Error("spec: expected a text as id");
  const std::string shown = printable(std::string_view(*id), kLongest);
  if (id->empty() || shown != std::string_view(*id) || shown.find(' ') != std::string::npos) {
    throw Error(fmt::format("spec: expected an id of 1 to {} bytes, without spaces and control characters; got '{}'",
                            kLongest, shown));
  }
  return shown;
}

std::vector<ObservationPart> read_parts(const json::object& object, std::size_t observation_size) {
  const json::value* const value = find(object, "observation_parts");
  if (value == nullptr) return {};
  constexpr std::size_t kLongest = 200;
  std::vector<ObservationPart> parts;
  std::size_t sum = 0;
  const auto refuse = [observation_size] {
    throw Error(
        fmt::format("spec: expected a list of parts with a name, a space and numbers as observation_parts, "
                    "with {} numbers in all",
                    observation_size));
  };
  if (!value->is_array()) refuse();
  for (const json::value& part : value->get_array()) {
    const json::object* const members = part.if_object();
    if (members == nullptr) refuse();
    const json::value* const name = find(*members, "name");
    const json::value* const space = find(*members, "space");
    const json::value* const numbers = find(*members, "numbers");
    if (name == nullptr || !name->is_string() || space == nullptr || !space->is_string()) refuse();
    if (numbers == nullptr || !numbers->is_int64() || numbers->get_int64() < 0) refuse();
    const auto count = static_cast<std::size_t>(numbers->get_int64());
    if (count > observation_size - sum) refuse();
    sum += count;
    parts.push_back({.name = printable(std::string_view(name->get_string()), kLongest),
                     .space = printable(std::string_view(space->get_string()), kLongest),
                     .numbers = numbers->get_int64()});
  }
  if (sum != observation_size) refuse();
  return parts;
}

bool read_flag(const json::object& object, std::string_view key) {
  const json::value* const flag = find(object, key);
  if (flag != nullptr && !flag->is_bool()) throw Error(fmt::format("spec: expected true or false as {}", key));
  return flag != nullptr && flag->get_bool();
}

json::value parse_json(std::span<const std::byte> payload) {
  json::error_code error;
  json::value value = json::parse({reinterpret_cast<const char*>(payload.data()), payload.size()}, error);
  if (error) throw Error(fmt::format("spec: expected JSON ({}); got '{}'", error.message(), printable(payload)));
  return value;
}

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", std::to_integer<unsigned>(byte));
  }
  return text;
}

}  // namespace

std::string_view name_of(FrameType type) noexcept {
  constexpr std::string_view kNames[] = {"",       "hello",  "spec",    "reset", "step",
                                         "result", "render", "picture", "close", "error"};
  return kNames[static_cast<std::size_t>(type)];
}

void FrameWriter::begin(FrameType type) {
  begin_ = bytes_.size();
  put(std::uint32_t{0});  // placeholder for the length, which end() fills in
  put(static_cast<std::uint8_t>(type));
}

void FrameWriter::put(const Action& action) {
  struct Visitor {
    FrameWriter& writer;
    void operator()(std::int64_t choice) const { writer.put(choice); }
    void operator()(std::span<const float> numbers) const { writer.append(numbers.data(), numbers.size_bytes()); }
    void operator()(std::span<const std::int64_t> choices) const {
      writer.append(choices.data(), choices.size_bytes());
    }
  };
  std::visit(Visitor{*this}, action);
}

void FrameWriter::end() {
  const std::size_t length = bytes_.size() - begin_ - sizeof(std::uint32_t);
  if (length > kMostFrameBytes) {
    throw Error(
        fmt::format("a request of {} bytes is longer than the {} that a frame may have", length, kMostFrameBytes));
  }
  const auto written = static_cast<std::uint32_t>(length);
  std::memcpy(bytes_.data() + begin_, &written, sizeof written);
}

void FrameWriter::append(const void* from, std::size_t size) {
  const auto* const first = static_cast<const std::byte*>(from);
  bytes_.insert(bytes_.end(), first, first + size);
}

void write_hello(FrameWriter& writer, std::span<const OptionValues> options) {
  json::array list;
  for (const OptionValues& values : options) {
    json::object object;
    for (const auto& [name, value] : values) object[name] = value;
    list.push_back(std::move(object));
  }
  writer.begin(FrameType::hello);
  writer.put(kMagic);
  writer.put(kProtocolVersion);
  writer.put(std::uint16_t{0});
  writer.put(std::string_view(json::serialize(json::object{{"options", std::move(list)}})));
  writer.end();
}

FrameHeader decode_header(std::span<const std::byte, kHeaderBytes> bytes) {
  std::span<const std::byte> left = bytes;
  const auto length = take<std::uint32_t>(left);
  const auto type = take<std::uint8_t>(left);
  constexpr auto kLast = static_cast<std::uint8_t>(FrameType::error);
  if (length < 1 || length > kMostFrameBytes || type < 1 || type > kLast) {
    throw Error(
        fmt::format("expected a frame of 1 to {} bytes and of type 1 to {}; got a length of {} and type {} "
                    "(the bytes {}, '{}')",
                    kMostFrameBytes, kLast, length, type, hexadecimal(bytes), printable(bytes)));
  }
  return {.payload_size = length - 1, .type = static_cast<FrameType>(type)};
}

bool operator==(const RemoteSpec& a, const RemoteSpec& b) {
  return a.id == b.id && a.spec.observation_space == b.spec.observation_space &&
         a.spec.action_space == b.spec.action_space && a.spec.max_episode_steps == b.spec.max_episode_steps &&
         a.spec.reward_threshold == b.spec.reward_threshold && a.renders == b.renders && a.masks == b.masks &&
         a.observation_parts == b.observation_parts;
}

RemoteSpec decode_spec(std::span<const std::byte> payload) {
  const json::value value = parse_json(payload);
  const json::object* const object = value.if_object();
  if (object == nullptr) throw Error(fmt::format("spec: expected a JSON object; got '{}'", printable(payload)));
  const std::int64_t* const version = require(*object, "protocol").if_int64();
  if (version == nullptr || *version != kProtocolVersion) {
    throw Error(
        fmt::format("expected version {} of the protocol; the environment speaks {}; use the sounder_env.py "
                    "that came with this sounder",
                    kProtocolVersion, json::serialize(require(*object, "protocol"))));
  }
  RemoteSpec spec{
      .id = read_id(*object),
      .spec = {.observation_space = parse_space(require(*object, "observation_space"), "spec: observation_space"),
               .action_space = parse_space(require(*object, "action_space"), "spec: action_space"),
               .max_episode_steps = read_limit(*object),
               .reward_threshold = read_threshold(*object)},
      .renders = read_flag(*object, "render"),
      .masks = read_flag(*object, "action_mask")};
  if (spec.masks && option_counts(spec.spec.action_space).empty()) {
    throw Error(fmt::format("spec: expected Discrete or MultiDiscrete actions with an action_mask; got {}",
                            describe(spec.spec.action_space)));
  }
  spec.observation_parts = read_parts(*object, flat_size(spec.spec.observation_space));
  return spec;
}

std::size_t most_requests(const RemoteSpec& remote) {
  const EnvironmentSpec& spec = remote.spec;
  struct ActionBytes {
    std::size_t operator()(const Box& box) const { return box.low.size() * sizeof(float); }
    std::size_t operator()(const MultiDiscrete& space) const { return space.counts.size() * sizeof(std::int64_t); }
    std::size_t operator()(const MultiBinary& space) const {
      return static_cast<std::size_t>(space.n) * sizeof(std::int64_t);
    }
    std::size_t operator()(const Discrete&) const { return sizeof(std::int64_t); }
  };
  constexpr std::size_t kMostPayload = kMostFrameBytes - sizeof(FrameType);
  const std::size_t result =
      kResultHeaderBytes + flat_size(spec.observation_space) * sizeof(float) + remote.mask_size();
  const std::size_t step = sizeof(std::uint32_t) + std::visit(ActionBytes{}, spec.action_space);
  const std::size_t reset = sizeof(std::uint32_t) + sizeof(std::uint64_t);
  const std::size_t most = kMostPayload / std::max({result, step, reset});
  if (most > 0) return most;
  throw Error(
      fmt::format("spec: expected observations and actions that fit into a frame of {} bytes; got {} and {} bytes",
                  kMostFrameBytes, result, step));
}

ResultReader::ResultReader(std::span<const std::byte> payload, std::size_t count, const ResultSize& size)
    : left_(payload) {
  const std::size_t result = kResultHeaderBytes + size.observation * sizeof(float);
  std::size_t expected = count * result;
  // Results with a mask are longer; each header says whether there is one.
  for (std::size_t i = 0, begin = 0; size.mask > 0 && i < count && begin + result <= payload.size(); ++i) {
    const std::size_t mask = has_mask(payload.subspan(begin)) ? size.mask : 0;
    expected += mask;
    begin += result + mask;
  }
  if (payload.size() == expected) return;
  throw Error(fmt::format(
      "expected a result of {} bytes, for {} environments with observations of {} numbers{}; got {}", expected, count,
      size.observation, expected == count * result ? "" : fmt::format(" and masks of {}", size.mask), payload.size()));
}

StepResult ResultReader::next(std::uint32_t index, std::span<float> observation, std::span<std::uint8_t> mask) {
  const auto got = take<std::uint32_t>(left_);
  if (got != index) throw Error(fmt::format("expected the result of environment {}; got that of {}", index, got));
  StepResult result{.reward = take<float>(left_), .terminated = false};
  result.terminated = take_flag(left_, "terminated");
  result.truncated = take_flag(left_, "truncated");
  const auto masked = take<std::uint16_t>(left_);
  if (masked > (mask.empty() ? 0 : 1)) throw Error("expected zeros behind a result's flags, or 1 before a mask");
  std::memcpy(observation.data(), left_.data(), observation.size_bytes());
  left_ = left_.subspan(observation.size_bytes());
  if (masked == 0) {
    std::ranges::fill(mask, std::uint8_t{1});
    return result;
  }
  for (std::uint8_t& allowed : mask) allowed = take_flag(left_, "a number of an action mask") ? 1 : 0;
  return result;
}

Picture decode_picture(std::span<const std::byte> payload) {
  if (payload.size() < 2 * sizeof(std::uint32_t)) throw Error("expected a picture; got no width and height");
  const auto width = take<std::uint32_t>(payload);
  const auto height = take<std::uint32_t>(payload);
  if (width < 1 || width > kMostPictureWidth || height < 1 || height > kMostPictureHeight ||
      payload.size() != std::size_t{3} * width * height) {
    throw Error(fmt::format("expected a picture of at most {} x {} pixels, three bytes each; got {} x {} and {} bytes",
                            kMostPictureWidth, kMostPictureHeight, width, height, payload.size()));
  }
  return {.width = width, .height = height, .pixels = payload};
}

}  // namespace sounder::remote
