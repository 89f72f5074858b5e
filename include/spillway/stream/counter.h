// A number that user code counts up: malformed lines, alerts. Summed over subtasks in JobResult::counters.
//
// Add from the thread of the subtask that got it; value() from any thread. Starts at zero in every run.
#pragma once

#include <atomic>
#include <cstdint>

namespace spillway {

class Counter {
 public:
  // Relaxed: a single writer, and readers want a recent figure, not an order.
  void Add(uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace spillway
