#pragma once

// What a program with environments of its own includes, as <sounder/sounder.h>: the struct's vocabulary (spaces,
// actions, EnvironmentSpec, StepResult, Canvas, Rng, Error), the Registry, and run(). Everything else has a header of
// its own: wrappers in <sounder/envs/wrappers/...>, LibTorch networks in <sounder/agents/networks/torch_module.h>, and,
// to train without the command line, <sounder/core/running/trainer.h> and <sounder/agents/factory.h>.

#include "apps/command_line.h"
#include "envs/canvas.h"
#include "envs/environment.h"
#include "envs/error.h"
#include "envs/options.h"
#include "envs/random.h"
#include "envs/registry.h"
#include "envs/spaces.h"
