#include "apps/command_line.h"

int main(int argc, char** argv) {
  return sounder::run(argc, argv);
}
