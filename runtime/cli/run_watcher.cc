#include "runtime/cli/run_watcher.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "runtime/cli/run_report.h"

namespace spillway::cli {
namespace {

constexpr int kProgressEveryMs = 250;

}  // namespace

RunSignals::RunSignals() {
  sigset_t answered;
  sigemptyset(&answered);
  sigaddset(&answered, SIGINT);
  sigaddset(&answered, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &answered, &before_);
  descriptor_ = signalfd(-1, &answered, SFD_CLOEXEC | SFD_NONBLOCK);
}

RunSignals::~RunSignals() {
  if (descriptor_ >= 0) close(descriptor_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

RunWatcher::RunWatcher(RunSignals* signals, JobControl* control, Console* console)
    : signals_(signals), control_(control), console_(console), end_event_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this] { Watch(); });
}

RunWatcher::~RunWatcher() {
  const uint64_t one = 1;
  // An eventfd at zero takes a one; there is nothing to do about a write that fails.
  if (write(end_event_, &one, sizeof(one)) < 0) console_->Note("spillway: cannot end the watching thread");
  thread_.join();
  close(end_event_);
  console_->Progress("");
}

void RunWatcher::Watch() {
  const bool show_progress = Console::HasTerminal();
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{end_event_, POLLIN, 0}, pollfd{signals_->descriptor(), POLLIN, 0}};
    const int ready = poll(waiting.data(), waiting.size(), show_progress ? kProgressEveryMs : -1);
    if (ready < 0) continue;
    if (waiting[0].revents != 0) return;
    if (waiting[1].revents != 0) AnswerSignal();
    if (!show_progress) continue;
    const JobProgress progress = control_->Progress();
    if (progress.running) console_->Progress(ProgressLine(progress));
  }
}

void RunWatcher::AnswerSignal() {
  signalfd_siginfo signal{};
  if (read(signals_->descriptor(), &signal, sizeof(signal)) != sizeof(signal)) return;
  if (job_ended_.load(std::memory_order_relaxed)) {
    cancelled_.store(true, std::memory_order_relaxed);
  } else if (signals_answered_++ == 0) {
    console_->Note("stopping with a final checkpoint; once more ends the job at once");
    control_->StopWithCheckpoint();
  } else {
    control_->Cancel();
  }
}

}  // namespace spillway::cli
