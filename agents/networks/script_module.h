#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sounder {

/// The content of a TorchScript module.
struct ScriptModule {
  struct Tensor {
    std::string name;                 ///< of the module's attribute
    std::vector<std::int64_t> shape;  ///< row-major
    std::variant<std::vector<float>, std::vector<std::int64_t>> numbers;
  };

  std::string name;                ///< of its class
  std::vector<Tensor> parameters;  ///< floats
  std::vector<Tensor> buffers;
  std::string methods;                                     ///< their definitions, TorchScript
  std::vector<std::pair<std::string, std::string>> files;  ///< name and content of what is stored beside it
};

}  // namespace sounder
