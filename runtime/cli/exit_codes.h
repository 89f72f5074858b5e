// What the command tells its caller by its exit code. Part of its interface: numbers stay.
#pragma once

namespace spillway::cli {

enum ExitCode : int {
  kDone = 0,       // the job has finished, the plugin passed
  kFailed = 1,     // the job failed while it ran, or the plugin failed a case
  kBadUsage = 2,   // the command line or the configuration cannot be used; nothing was started
  kStopped = 3,    // stopped on request, with a checkpoint: the printed command resumes
  kCancelled = 4,  // stopped on request, without a checkpoint; or the job was done, and its digest was not wanted
};

inline constexpr const char* kExitCodesHelp =
    "Exit codes: 0 done; 1 failed; 2 the command line or the configuration cannot be used, nothing was started;\n"
    "3 stopped on request with a checkpoint, the printed command resumes; 4 stopped on request without a checkpoint,\n"
    "or, the job being done, without digest and summary.";

}  // namespace spillway::cli
