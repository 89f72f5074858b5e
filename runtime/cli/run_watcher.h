// Watches a run from beside it: answers Ctrl-C and SIGTERM, and shows its progress on a terminal.
//
// RunSignals blocks both signals in the calling thread and in all threads that it makes later, so it comes first; its
// destructor puts back what was. RunWatcher has a thread of its own from construction to destruction and uses signals,
// control and console, which outlive it. The first signal asks the job to stop with a checkpoint, the next one ends it
// at once. After JobEnded, each one only sets cancelled().
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

#include "runtime/cli/console.h"
#include "spillway/stream/job_control.h"

namespace spillway::cli {

class RunSignals {
 public:
  RunSignals();
  ~RunSignals();
  RunSignals(const RunSignals&) = delete;
  RunSignals& operator=(const RunSignals&) = delete;
  // Readable when a signal came; -1 where the system has none to give.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  sigset_t before_{};
  int descriptor_ = -1;
};

class RunWatcher {
 public:
  RunWatcher(RunSignals* signals, JobControl* control, Console* console);
  ~RunWatcher();
  RunWatcher(const RunWatcher&) = delete;
  RunWatcher& operator=(const RunWatcher&) = delete;

  void JobEnded() { job_ended_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] const std::atomic<bool>* cancelled() const { return &cancelled_; }

 private:
  void Watch();
  void AnswerSignal();

  RunSignals* signals_;
  JobControl* control_;
  Console* console_;
  int end_event_;  // written when the thread is to end
  int signals_answered_ = 0;
  // Both relaxed: nothing else is read because of them.
  std::atomic<bool> job_ended_{false};
  std::atomic<bool> cancelled_{false};
  std::thread thread_;
};

}  // namespace spillway::cli
