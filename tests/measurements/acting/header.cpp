// The header that `sounder export` writes.
#include "policy.h"

#include "timing.h"

int main() {
  time_actions([](const float* observation) {
    policy_number action[POLICY_ACTION_SIZE];
    policy_act(observation, action);
    return action[0];
  });
}
