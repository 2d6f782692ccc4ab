#include "apps/version.h"

#include <cairo.h>
#include <fmt/format.h>
#include <toml++/toml.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>

#include "core/level.h"

namespace sounder {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace

std::string version_text() {
  return fmt::format(
      "sounder {} ({}, LibTorch {}, Boost {}.{}.{}, fmt {}.{}.{}, cairo {}, CLI11 {}, toml++ {}.{}.{}), kernels for {}",
      SOUNDER_VERSION, compiler(), SOUNDER_TORCH_VERSION, BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000,
      BOOST_VERSION % 100, FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100, CAIRO_VERSION_STRING,
      CLI11_VERSION, TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH, kLevelNames[level()]);
}

}  // namespace sounder
