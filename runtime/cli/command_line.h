// The grammar of the command `spillway`: words to options, options to commands. What the commands do is in the files of
// their names.
//
// Called once, from main, before any other thread exists. Gives an ExitCode.
#pragma once

namespace spillway::cli {

[[nodiscard]] int RunCommandLine(int argc, char** argv);

}  // namespace spillway::cli
