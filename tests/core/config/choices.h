#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config/config.h"

namespace sounder::test {

/// Returns the choices of a key of the configuration, for tests of all of them. `fields` must know them: those of
/// agents are in known_fields() only.
inline std::vector<std::string> choices_of(std::string_view key, ConfigFields fields = config_fields()) {
  const auto field = std::ranges::find(fields, key, &ConfigField::name);
  if (field == fields.end()) throw std::logic_error("unknown key " + std::string(key));
  const auto& choices = std::get<ConfigField::Text>(field->type).choices;
  if (choices.empty()) throw std::logic_error("no choices of key " + std::string(key));
  return choices;
}

}  // namespace sounder::test
