/* Balances a pole with a policy that Sounder trained, exported as policy.h. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "policy.h"

#define EPISODES 20
#define MOST_STEPS 500
#define CALLS 1000000

/* One step of 20 ms of CartPole-v1 (Barto, Sutton and Anderson 1983): place, velocity, angle and angular velocity after
   a push of 10 N. Here a program of your own reads its sensors. */
static void push(float state[4], int to_the_right) {
  const float sine = sinf(state[2]), cosine = cosf(state[2]);
  const float sum = ((to_the_right ? 10.0f : -10.0f) + 0.05f * state[3] * state[3] * sine) / 1.1f;
  const float turn = (9.8f * sine - cosine * sum) / (0.5f * (4.0f / 3.0f - 0.1f * cosine * cosine / 1.1f));
  const float push = sum - 0.05f * turn * cosine / 1.1f;
  state[0] += 0.02f * state[1];
  state[1] += 0.02f * push;
  state[2] += 0.02f * state[3];
  state[3] += 0.02f * turn;
}

/* Returns the steps for which the policy keeps the pole up. */
static int balance(float angle) {
  float state[POLICY_OBSERVATION_SIZE] = {0.0f, 0.0f, 0.0f, 0.0f};
  policy_number action[POLICY_ACTION_SIZE];
  int steps = 0;
  state[2] = angle;
  while (steps < MOST_STEPS && fabsf(state[0]) < 2.4f && fabsf(state[2]) < 0.2095f) {
    if (policy_act(state, action) != 0) return 0;
    push(state, action[0]);
    ++steps;
  }
  return steps;
}

/* Returns the microseconds that an action takes. */
static double microseconds(void) {
  float observation[POLICY_OBSERVATION_SIZE] = {0.0f, 0.0f, 0.0f, 0.0f};
  policy_number action[POLICY_ACTION_SIZE];
  long right = 0;
  clock_t began = clock();
  for (long i = 0; i < CALLS; ++i) {
    observation[2] = 0.1f * (float)(i % 3 - 1);
    if (policy_act(observation, action) == 0) right += action[0];
  }
  /* The sum is used, so that no call can be left out. */
  return right < 0 ? 0.0 : 1e6 * (double)(clock() - began) / CLOCKS_PER_SEC / CALLS;
}

int main(void) {
  int sum = 0;
  for (int i = 0; i < EPISODES; ++i) sum += balance(0.1f * (float)i / EPISODES - 0.05f);
  printf("balanced for %d of %d steps on average, %.2f microseconds an action\n", sum / EPISODES, MOST_STEPS,
         microseconds());
  return sum / EPISODES > 400 ? 0 : 1;
}
