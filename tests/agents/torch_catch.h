#pragma once

// LibTorch first: its logging library defines CHECK too, and Catch2's is the one that tests mean.
#include <torch/torch.h>
#undef CHECK

#include "tests/catch.h"
