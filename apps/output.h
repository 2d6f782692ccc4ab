#pragma once

#include <string_view>

namespace sounder {

/// What a command prints: text for people on stderr, or one JSON object on stdout and nothing else there.
enum class Output { human, json };

/// Writes a JSON text and a line end to stdout, at once. Throws Error if it cannot be written (a full disk).
void print_json(std::string_view json);

/// Writes text to stderr.
void print_human(std::string_view text);

/// Writes a line to stderr that says what is amiss.
void print_warning(std::string_view message);

}  // namespace sounder
