#pragma once

#include "apps/library/catalogue.h"

namespace sounder {

/// Runs the complete command line (train, sweep, evaluate, watch, act, export, envs, check, replay, plot, bench,
/// completion) with the environments, algorithms and networks of a catalogue: those that come with Sounder, or a
/// user's:
///
///     return sounder::run(argc, argv, {.environments = environments, .algorithms = algorithms});
///
/// Returns the exit code: 0, 1 for a failed run, 2 for a usage error, 130 and 143 for SIGINT and SIGTERM. Reports
/// errors on stderr. Ignores SIGPIPE and SIGXFSZ from then on, so that writing to a closed pipe or beyond a file size
/// limit is an Error. Opens closed standard descriptors.
int run(int argc, char** argv, const Catalogue& catalogue = {});

}  // namespace sounder
