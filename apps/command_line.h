#pragma once

#include "envs/registry.h"

namespace sounder {

/// Runs the whole command line (train, evaluate, watch, envs, check, replay, plot) over a set of environments: what
/// `main` of Sounder's own program does with the built-in ones, and a user's `main` with theirs. Returns the exit code:
/// 0, 1 for a failed run, 2 for a usage error, 130 and 143 for SIGINT and SIGTERM. Errors are reported on stderr.
int run(int argc, char** argv, const Registry& environments = Registry::with_builtins());

}  // namespace sounder
