// What the coordinator has to say to a subtask, kept until the subtask's thread comes by.
//
// Post and Close from any thread; Take and the waits from the subtask's. has_mail() costs one load, so it can be asked
// between any two batches.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "spillway/stream/operators/stream_element.h"

namespace spillway::runtime {

struct Mail {
  enum class Kind { kTrigger, kCompleted, kAborted, kSubsumed };
  Kind kind = Kind::kTrigger;
  Barrier barrier;  // of a checkpoint; its kind counts for kTrigger only
};

class Mailbox {
 public:
  void Post(const Mail& mail);
  // Lets the waits return at once, from now on.
  void Close();

  [[nodiscard]] bool has_mail() const { return has_mail_.load(std::memory_order_acquire); }
  // All mail so far, in order.
  std::vector<Mail> Take();
  // Until there is mail or the box is closed.
  void Wait();
  void WaitFor(std::chrono::milliseconds timeout);

 private:
  std::mutex mutex_;  // guards all below; has_mail_ is written under it
  std::condition_variable changed_;
  std::vector<Mail> mail_;
  bool closed_ = false;
  std::atomic<bool> has_mail_{false};
};

}  // namespace spillway::runtime
