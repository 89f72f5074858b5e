#include <cstdio>
#include <exception>

#include "runtime/cli/command_line.h"
#include "runtime/cli/exit_codes.h"

int main(int argc, char** argv) {
  try {
    return spillway::cli::RunCommandLine(argc, argv);
  } catch (const std::exception& error) {
    fprintf(stderr, "spillway: %s\n", error.what());
    return spillway::cli::kFailed;
  }
}
