#include "agents/networks/backends.h"

#include <dlfcn.h>

#include <string>
#include <vector>

#include "agents/factory.h"
#include "envs/error.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Names = std::vector<std::string>;

NetworkSpec convolutional() {
  return {.inputs = 25,
          .image = {.channels = 1, .height = 5, .width = 5},
          .convolutions = {{.channels = 2, .kernel = 3, .stride = 1}},
          .hidden = {4},
          .activation = Activation::tanh,
          .outputs = 2};
}

NetworkSpec perceptron() {
  return {.inputs = 25, .hidden = {4}, .activation = Activation::tanh, .outputs = 2};
}

TEST_CASE("auto selects the fastest backend that supports the network, even if it is not installed") {
  CHECK(backend_choices() == Names{"auto", "fused", "torch"});
  CHECK(choose_backend(perceptron(), "auto").name == "fused");
  CHECK(choose_backend(convolutional(), "auto").name == "torch");
  CHECK(choose_backend(perceptron(), "torch").name == "torch");
  CHECK_THROWS_AS(choose_backend(convolutional(), "fused"), UsageError);
}

#ifdef SOUNDER_WITH_TORCH

TEST_CASE("in a build with LibTorch its backend is installed, and loaded once") {
  CHECK(installed_backend_names() == Names{"fused", "torch"});
  const Backend& torch = choose_backend(perceptron(), "torch");
  CHECK(&torch.load() == &torch.load());
}

TEST_CASE("OpenBLAS uses one thread for a prepared thread") {
  const NetworkFunctions& torch = choose_backend(perceptron(), "torch").load();
  void* const blas = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD);
  if (blas == nullptr) return;  // LibTorch calls another BLAS
  reinterpret_cast<void (*)(int)>(dlsym(blas, "openblas_set_num_threads"))(2);
  torch.prepare_thread();
  CHECK(reinterpret_cast<int (*)()>(dlsym(blas, "openblas_get_num_threads"))() == 1);
  dlclose(blas);
}

#else

TEST_CASE("without LibTorch, the error for a network that needs it says what to install") {
  CHECK(installed_backend_names() == Names{"fused"});
  try {
    choose_backend(convolutional(), "auto").load();
    FAIL("loaded");
  } catch (const UsageError& error) {
    CHECK(std::string(error.what()).ends_with("a Sounder that was built and installed with it"));
  }
}

#endif

}  // namespace
}  // namespace sounder
