#pragma once

#include <cstddef>
#include <string>

namespace sounder {

/// Makes room for a number of further open files: raises the limit as far as the system lets this process.
/// Throws UsageError, which names what they are for, where that is not enough.
void require_open_files(std::size_t more, const std::string& what_for);

/// Opens those of the three standard descriptors that are closed, so that no file or socket of ours becomes one.
/// Reading and writing them fails as before.
void occupy_standard_descriptors() noexcept;

}  // namespace sounder
