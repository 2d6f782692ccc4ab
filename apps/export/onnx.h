#pragma once

#include <string>

#include "apps/export/exported_policy.h"

namespace sounder {

/// Writes a policy as an ONNX model (https://onnx.ai, operators of version 13): from "observation" [batch, D], and
/// "state" of a policy that has one, to the results of write_policy(). Of its metadata, policy_metadata().
std::string onnx_model(const ExportedPolicy& policy);

}  // namespace sounder
