#pragma once

#include <string_view>

namespace sounder {

/// The output of a command: text for people on stderr, or exactly one JSON object on stdout.
enum class Output { human, json };

/// Writes text to stdout and flushes it. Throws Error if that fails (a full disk).
void print_out(std::string_view text);

/// Writes a JSON text and a line end to stdout and flushes it. Throws Error if that fails (a full disk).
void print_json(std::string_view json);

/// Writes text to stderr.
void print_human(std::string_view text);

/// Write a message, or a warning, to stderr: one line that begins with the name of the program.
void print_notice(std::string_view message);
void print_warning(std::string_view message);

}  // namespace sounder
