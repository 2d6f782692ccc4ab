#pragma once

// Includes LibTorch first, because its logging library also defines CHECK, and tests need Catch2's.
#include <torch/torch.h>
#undef CHECK

#include "tests/catch.h"
