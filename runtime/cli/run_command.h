// The command `spillway run`: from its options to a finished job, its report and its exit code.
//
// Called once, from the main thread, before any other thread exists: it blocks SIGINT and SIGTERM for all threads that
// come, and answers them itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace spillway::cli {

struct RunOptions {
  std::string job;
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
  std::optional<std::string> backend;
  std::optional<std::string> parallelism;
  std::optional<std::filesystem::path> configuration_file;
  std::vector<std::string> assignments;  // of -D
  std::optional<std::string> restore;    // "latest" or the directory of a checkpoint
  std::optional<std::filesystem::path> summary;
  bool strict = false;
  std::optional<uint64_t> generate;
  std::optional<uint64_t> distinct;
  std::optional<uint64_t> seed;

  std::vector<std::string> command_line;  // as it was given, for the command that resumes
};

// An ExitCode.
[[nodiscard]] int RunJobCommand(const RunOptions& options);

}  // namespace spillway::cli
