// What the command prints: results on stdout, notes and errors on stderr, and a line of progress on stderr's terminal.
//
// Any thread. Everything goes through it while a job runs, so that the line of progress and other lines do not mix.
#pragma once

#include <cstdio>
#include <mutex>
#include <string_view>

#include "spillway/status.h"

namespace spillway::cli {

class Console {
 public:
  Console() = default;
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // A line, or several, of what the user asked for.
  void Print(std::string_view text);
  // A line that tells what is going on.
  void Note(std::string_view text);
  // "spillway: <what is wrong and what to do>".
  void Error(const Status& status);

  [[nodiscard]] static bool HasTerminal();
  // Takes the place of the last such line; an empty one clears it.
  void Progress(std::string_view line);

 private:
  void Clear();

  std::mutex mutex_;
  bool progress_shown_ = false;  // under mutex_
};

}  // namespace spillway::cli
