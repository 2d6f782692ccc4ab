// Compiles Boost.JSON, which is used as a header-only library, once for all sources.
#include <boost/json/src.hpp>
