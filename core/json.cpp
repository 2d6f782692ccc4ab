// Boost.JSON is used as a header-only library: this is the one source that compiles it.
#include <boost/json/src.hpp>
