#pragma once

#include <boost/align/aligned_allocator.hpp>
#include <vector>

namespace sounder {

/// Floats that begin on a cache line: a vector of them that lies across two lines costs two accesses.
using AlignedFloats = std::vector<float, boost::alignment::aligned_allocator<float, 64>>;

}  // namespace sounder
