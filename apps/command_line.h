#pragma once

#include "agents/networks/architecture.h"
#include "envs/registry.h"

namespace sounder {

/// Runs the whole command line (train, sweep, evaluate, watch, envs, check, replay, plot, bench) over a set of
/// environments and of networks: what `main` of Sounder's own program does with the built-in ones, and a user's `main`
/// with theirs. Returns the exit code: 0, 1 for a failed run, 2 for a usage error, 130 and 143 for SIGINT and SIGTERM.
/// Errors are reported on stderr. SIGPIPE and SIGXFSZ are ignored from then on: writing to a closed pipe, or beyond a
/// file size limit, is an Error. Standard descriptors that are closed are occupied.
int run(int argc, char** argv, const Registry& environments = Registry::with_builtins(),
        const Networks& networks = Networks::with_builtins());

}  // namespace sounder
