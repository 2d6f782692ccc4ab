#pragma once

// The header for programs with their own environments, algorithms, trainings or policies, included as
// <sounder/sounder.h>: the types that an environment needs (spaces, actions, EnvironmentSpec, StepResult, Canvas, Rng,
// Error), the Registry, Algorithms with OwnKey, Networks, run() with a Catalogue of these, to train without the command
// line Training, evaluate() and where configurations come from, and Policy, which acts with what was trained (by
// itself: <sounder/agents/policy.h>). Everything else has its own header: wrappers in <sounder/envs/wrappers/...>, what
// algorithms are made of in <sounder/agents/network_agents.h>, <sounder/agents/actor_critic_loss.h> and
// <sounder/core/learning/...>, LibTorch networks in <sounder/agents/networks/torch_module.h>, and the parts that a
// Training is made of in <sounder/core/running/trainer.h> and <sounder/agents/factory.h>.

#include "agents/policy.h"
#include "apps/command_line.h"
#include "apps/library/configuration.h"
#include "apps/library/evaluation.h"
#include "apps/library/training.h"
#include "core/config/own_key.h"
#include "envs/canvas.h"
#include "envs/environment.h"
#include "envs/error.h"
#include "envs/options.h"
#include "envs/random.h"
#include "envs/registry.h"
#include "envs/spaces.h"
