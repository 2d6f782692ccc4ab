#pragma once

// The header for programs with their own environments, included as <sounder/sounder.h>: the types that an environment
// needs (spaces, actions, EnvironmentSpec, StepResult, Canvas, Rng, Error), the Registry, and run(). Everything else
// has its own header: wrappers in <sounder/envs/wrappers/...>, LibTorch networks in
// <sounder/agents/networks/torch_module.h>, and, to train without the command line, <sounder/core/running/trainer.h>
// and <sounder/agents/factory.h>.

#include "apps/command_line.h"
#include "envs/canvas.h"
#include "envs/environment.h"
#include "envs/error.h"
#include "envs/options.h"
#include "envs/random.h"
#include "envs/registry.h"
#include "envs/spaces.h"
