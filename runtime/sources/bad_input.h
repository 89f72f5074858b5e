// What becomes of input that cannot be used: it is counted and reported with its place, and the job goes on; or, when
// the job is strict, it ends the job.
//
// One per job run, shared by its sources and parsers; any thread. Only the first few reports are shown, all are
// counted. The count is of this run: a record that is read again after a restore is counted again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "spillway/status.h"

namespace spillway::runtime {

class BadInput {
 public:
  static constexpr uint64_t kShownMax = 10;

  // `show` gets each report that is to be seen, one at a time.
  BadInput(bool strict, std::function<void(const std::string&)> show) : strict_(strict), show_(std::move(show)) {}

  // An error when the job is strict, else OK.
  [[nodiscard]] Status Report(std::string_view file, uint64_t line, std::string_view what);

  [[nodiscard]] uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  const bool strict_;
  const std::function<void(const std::string&)> show_;
  std::atomic<uint64_t> count_{0};  // relaxed: a figure that orders nothing
  std::mutex show_mutex_;           // calls of show_
};

}  // namespace spillway::runtime
