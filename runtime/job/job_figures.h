// All figures of a running job, gathered where they arise and read together.
//
// Any thread. Counters have one writer each and live as long as the figures. A keyed backend is announced while it is
// open, so that it can be asked for its memory and its metrics; its last figures stay when it goes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/state/keyed_backend.h"
#include "runtime/state/spill_figures.h"
#include "spillway/stream/counter.h"
#include "spillway/stream/job_result.h"

namespace spillway::runtime {

// Of one subtask; written by its thread.
class SubtaskFigures {
 public:
  std::atomic<uint64_t> source_read{0};
  std::atomic<uint64_t> entries{0};

  // Until it is called with null, which keeps what the backend said last.
  void WatchBackend(const KeyedBackend* backend);
  // used and used_peak, and entries in bytes.
  [[nodiscard]] spw_memory_usage Usage() const;
  void AddSpillTo(SpillFigures* sum) const;

 private:
  // Of a backend's life until now, and whether it keeps all in memory.
  struct Spill {
    InstanceSpill instance;
    bool in_memory = true;
  };
  [[nodiscard]] static Spill SpillOf(const KeyedBackend& backend);

  mutable std::mutex mutex_;
  const KeyedBackend* backend_ = nullptr;  // guarded by mutex_
  spw_memory_usage last_{};                // guarded by mutex_
  Spill last_spill_;                       // guarded by mutex_
};

class JobFigures {
 public:
  explicit JobFigures(uint64_t memory_budget) : memory_budget_(memory_budget) {}

  SubtaskFigures& AddSubtask();
  Counter& AddInputCounter();
  Counter& AddOutputCounter();
  // The same one for the same names.
  Counter& UserCounter(const std::string& operator_name, uint32_t subtask, const std::string& name);

  void Started();
  void Ended();
  void SetSourceTotal(std::optional<uint64_t> total);
  void SetRestored(const RestoredFrom& from);
  void CheckpointCompleted(const CheckpointInfo& checkpoint);
  void CheckpointFailed();
  // Every pause counts, also that of a checkpoint which failed later.
  void CheckpointPaused(std::chrono::microseconds pause);

  [[nodiscard]] JobProgress Read() const;

 private:
  using Clock = std::chrono::steady_clock;

  const uint64_t memory_budget_;
  mutable std::mutex mutex_;  // guards all below, not what the elements themselves protect
  std::deque<SubtaskFigures> subtasks_;
  std::deque<Counter> inputs_;
  std::deque<Counter> outputs_;
  std::map<std::string, std::map<uint32_t, Counter>> user_counters_;
  std::optional<Clock::time_point> started_;
  std::optional<Clock::time_point> ended_;
  std::optional<uint64_t> source_total_;
  std::optional<RestoredFrom> restored_;
  std::optional<CheckpointInfo> last_checkpoint_;
  uint64_t checkpoints_completed_ = 0;
  uint64_t checkpoints_failed_ = 0;
  std::chrono::microseconds pause_max_{0};
};

}  // namespace spillway::runtime
