#include "runtime/cli/resume_command.h"

namespace spillway::cli {
namespace {

constexpr std::string_view kRestore = "--restore";
constexpr std::string_view kSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

}  // namespace

std::string ShellQuoted(std::string_view word) {
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string ResumeCommand(const std::vector<std::string>& command_line, std::string_view restore) {
  std::string command;
  for (size_t i = 0; i < command_line.size(); ++i) {
    const std::string& word = command_line[i];
    if (word == kRestore) {
      ++i;  // and what follows it
      continue;
    }
    if (word.starts_with(kRestore) && word.size() > kRestore.size() && word[kRestore.size()] == '=') continue;
    command += ShellQuoted(word) + " ";
  }
  return command + std::string(kRestore) + " " + ShellQuoted(restore);
}

}  // namespace spillway::cli
