#include "runtime/cli/console.h"

#include <unistd.h>

namespace spillway::cli {
namespace {

constexpr std::string_view kToLineStartAndClear = "\r\033[K";

void Write(FILE* to, std::string_view text) {
  fwrite(text.data(), 1, text.size(), to);
}

}  // namespace

void Console::Print(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  Clear();
  Write(stdout, text);
  Write(stdout, "\n");
  fflush(stdout);
}

void Console::Note(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  Clear();
  Write(stderr, text);
  Write(stderr, "\n");
}

void Console::Error(const Status& status) {
  Note("spillway: " + status.message());
}

bool Console::HasTerminal() {
  return isatty(STDERR_FILENO) == 1;
}

void Console::Progress(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  Clear();
  if (line.empty()) return;
  Write(stderr, line);
  fflush(stderr);
  progress_shown_ = true;
}

void Console::Clear() {
  if (progress_shown_) Write(stderr, kToLineStartAndClear);
  progress_shown_ = false;
}

}  // namespace spillway::cli
