#pragma once

#include <boost/align/aligned_allocator.hpp>
#include <vector>

namespace sounder {

/// Floats aligned to a cache line, because a SIMD vector that straddles two lines costs two accesses.
using AlignedFloats = std::vector<float, boost::alignment::aligned_allocator<float, 64>>;

}  // namespace sounder
