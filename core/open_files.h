#pragma once

#include <cstddef>
#include <string>

namespace sounder {

/// Raises the limit of open files if `more` further files need it. Throws UsageError, which names their purpose
/// `what_for`, if the system does not allow enough.
void require_open_files(std::size_t more, const std::string& what_for);

/// Opens the closed ones of the three standard descriptors, so that no file or socket of ours takes their numbers.
/// Reading and writing them still fails.
void occupy_standard_descriptors() noexcept;

}  // namespace sounder
