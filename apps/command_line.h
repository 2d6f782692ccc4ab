#pragma once

#include "agents/networks/architecture.h"
#include "envs/registry.h"

namespace sounder {

/// Runs the complete command line (train, sweep, evaluate, watch, act, envs, check, replay, plot, bench) with a set of
/// environments and networks: the built-in ones in Sounder's own `main`, or a user's. Returns the exit code: 0, 1 for a
/// failed run, 2 for a usage error, 130 and 143 for SIGINT and SIGTERM. Reports errors on stderr. Ignores SIGPIPE and
/// SIGXFSZ from then on, so that writing to a closed pipe or beyond a file size limit is an Error. Opens closed
/// standard descriptors.
int run(int argc, char** argv, const Registry& environments = Registry::with_builtins(),
        const Networks& networks = Networks::with_builtins());

}  // namespace sounder
