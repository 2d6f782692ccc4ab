#pragma once

namespace sounder {

/// What one step's part of a policy's loss, -log pi(a) A - beta H, is weighted with.
struct PolicyWeights {
  float advantage;            ///< A, a constant in the loss
  float entropy_coefficient;  ///< beta
};

/// What a policy's distribution says about one step.
struct PolicyTerms {
  float log_probability;  ///< log pi(a), of a density where actions are continuous
  float entropy;          ///< H, nats; a density's may be negative
};

}  // namespace sounder
