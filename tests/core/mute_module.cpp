// A shared library that is no module: what core/module_test.cpp tries to load.
extern "C" const char* greeting();

const char* greeting() {
  return "hello";
}
