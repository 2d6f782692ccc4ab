#pragma once

// What the guardian of a process (guardian.cpp, a program of its own) and who starts it (child_process.cpp) agree on.

namespace sounder::remote {

/// The guardian's descriptors: those of the process that it starts, and its own end of the lifeline, a socket. Whoever
/// started it says by shutting down the other end, or by ending, that all is to end.
inline constexpr int kProcessSocket = 3;
inline constexpr int kLifeline = 4;

/// What the guardian sends when the process has ended.
struct ProcessEnd {
  int code;    ///< CLD_EXITED or CLD_KILLED, as waitid says it
  int status;  ///< the exit code, or the signal
};

}  // namespace sounder::remote
