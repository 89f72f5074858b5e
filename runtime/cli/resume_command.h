// The command that resumes a job: the one that started it, with another --restore.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spillway::cli {

// For a POSIX shell: as it is where that is safe, else in single quotes.
[[nodiscard]] std::string ShellQuoted(std::string_view word);

// `command_line` is argv as it was given; whatever it restored from is replaced by `restore`: "latest" or a path.
[[nodiscard]] std::string ResumeCommand(const std::vector<std::string>& command_line, std::string_view restore);

}  // namespace spillway::cli
