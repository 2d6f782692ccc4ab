#pragma once

// The interface between the guardian of a process (guardian.cpp, a separate program) and its starter
// (child_process.cpp).

namespace sounder::remote {

/// The guardian's descriptors: those of the process that it starts, and its own end of the lifeline, a socket. Its
/// starter shuts down the other end, or ends, to request that the guardian end everything.
inline constexpr int kProcessSocket = 3;
inline constexpr int kLifeline = 4;

/// The message that the guardian sends when the process has ended.
struct ProcessEnd {
  int code;    ///< CLD_EXITED or CLD_KILLED, from waitid
  int status;  ///< the exit code, or the signal
};

}  // namespace sounder::remote
