#pragma once

// Kernels are functions that are compiled for a level of processors, in its namespace, and listed in a table, as a
// constant: SOUNDER_AT_EACH_LEVEL declares it, SOUNDER_AT_LEVEL is that of the level that runs. There is one so far.
#define SOUNDER_AT_EACH_LEVEL(declaration) \
  namespace native {                       \
  extern declaration;                      \
  }
#define SOUNDER_AT_LEVEL(name) native::name
