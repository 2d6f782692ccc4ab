#pragma once

#include <string_view>

namespace sounder {

/// The output of a command: text for people on stderr, or exactly one JSON object on stdout.
enum class Output { human, json };

/// Writes a JSON text and a line end to stdout and flushes it. Throws Error if that fails (a full disk).
void print_json(std::string_view json);

/// Writes text to stderr.
void print_human(std::string_view text);

/// Writes a warning to stderr as one line.
void print_warning(std::string_view message);

}  // namespace sounder
