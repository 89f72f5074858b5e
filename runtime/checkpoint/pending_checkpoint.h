// A checkpoint on its way: which subtasks have reported, and what.
//
// Not thread-safe: the coordinator guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/checkpoint/manifest_parts.h"
#include "spillway/status.h"
#include "spillway/stream/operators/stream_element.h"

namespace spillway::runtime {

class PendingCheckpoint {
 public:
  using Clock = std::chrono::steady_clock;

  PendingCheckpoint(Barrier barrier, size_t chains, uint32_t parallelism);

  [[nodiscard]] const Barrier& barrier() const { return barrier_; }
  [[nodiscard]] uint64_t id() const { return barrier_.checkpoint_id; }
  [[nodiscard]] Clock::time_point begun() const { return begun_; }
  [[nodiscard]] int64_t timestamp_ms() const { return timestamp_ms_; }

  void Report(uint32_t chain, uint32_t subtask, SubtaskReport report);
  void Decline(Status why);
  [[nodiscard]] bool complete() const { return missing_ == 0; }
  // OK while nobody declined.
  [[nodiscard]] const Status& declined() const { return declined_; }
  // Of every chain, by subtask; when complete.
  std::vector<std::vector<SubtaskReport>> TakeReports();

 private:
  Barrier barrier_;
  Clock::time_point begun_;
  int64_t timestamp_ms_;
  std::vector<std::vector<std::optional<SubtaskReport>>> reports_;
  size_t missing_;
  Status declined_;
};

}  // namespace spillway::runtime
