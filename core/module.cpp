#include "core/module.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>

#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "envs/error.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

std::string file_name(std::string_view name) {
  return fmt::format("sounder_{}.so", name);
}

/// Returns the folders in which the system searches for the libraries of the program (or shared library) that contains
/// this code. dlopen would search them itself, except under the sanitizers, whose dlopen uses the RUNPATH of their own
/// library.
std::vector<fs::path> module_folders() {
  static const char here = 0;
  Dl_info ignored;
  link_map* object = nullptr;
  // With RTLD_DL_LINKMAP, the last argument points to a link_map* to be written.
  if (dladdr1(&here, &ignored, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) == 0) return {};
  Dl_serinfo size;
  if (dlinfo(object, RTLD_DI_SERINFOSIZE, &size) != 0) return {};
  std::vector<std::max_align_t> storage(size.dls_size / sizeof(std::max_align_t) + 1);
  auto* const paths = reinterpret_cast<Dl_serinfo*>(storage.data());
  if (dlinfo(object, RTLD_DI_SERINFOSIZE, paths) != 0 || dlinfo(object, RTLD_DI_SERINFO, paths) != 0) return {};
  std::vector<fs::path> folders;
  for (unsigned i = 0; i < paths->dls_cnt; ++i) {
    folders.emplace_back(paths->dls_serpath[i].dls_name);
  }
  return folders;
}

/// Returns the reason why the last call of dlopen or dlsym failed.
std::string load_error() {
  const char* const error = dlerror();
  return error == nullptr ? "unknown error" : error;
}

}  // namespace

std::optional<fs::path> find_module(std::string_view name) {
  for (const fs::path& folder : module_folders()) {
    std::error_code ignored;
    const fs::path file = fs::absolute(folder / file_name(name), ignored).lexically_normal();
    if (fs::exists(file, ignored)) return file;
  }
  return std::nullopt;
}

const void* load_module(const ModuleRequest& request) {
  const auto file = find_module(request.name);
  if (!file) {
    // Does not name the folders, because the system lists only those of the RUNPATH that exist.
    throw UsageError(
        fmt::format("{} is missing (it is searched for in this program's RUNPATH and in LD_LIBRARY_PATH): {}",
                    file_name(request.name), request.remedy));
  }
  // Resolves all symbols now, so that a missing one is an error here instead of the end of the process later.
  void* const handle = dlopen(file->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw Error(fmt::format("cannot load a module: {}: {}", load_error(), request.remedy));
  auto* const entry = reinterpret_cast<const Module* (*)()>(dlsym(handle, "sounder_module"));
  if (entry == nullptr) throw Error(fmt::format("{} is no module of Sounder: {}", file->string(), load_error()));
  const Module& loaded = *entry();
  if (loaded.interface != request.interface) {
    throw Error(fmt::format(
        "{} is of another version of Sounder than this program: install both of one version, and build a program of "
        "your own anew",
        file->string()));
  }
  return loaded.functions;
}

}  // namespace sounder
