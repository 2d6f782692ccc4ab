#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config/config.h"

namespace sounder::test {

/// Lists the choices that a key of the configuration has: for tests of all of them.
inline std::vector<std::string> choices_of(std::string_view key) {
  const auto field = std::ranges::find(config_fields(), key, &ConfigField::name);
  if (field == config_fields().end()) throw std::logic_error("unknown key " + std::string(key));
  return std::get<ConfigField::Text>(field->type).choices;
}

}  // namespace sounder::test
