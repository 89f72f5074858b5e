// A full snapshot: pins every table as it is, and writes them from another thread while the owner goes on.
//
// What tables have in runs is read by the run's own I/O engine, and merged with what is pinned of memory.
//
// Begin and EndByOwner: owner thread. Run: one thread, once. Cancel and destruction: any thread. The tables' views
// are handed back one by one, as soon as each is written; whatever is left when the run fails, is cancelled or never
// happens is handed back then. Host calls are made under no lock.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/hybrid/heap.h"
#include "backend/hybrid/state.h"
#include "snapshot/file.h"
#include "snapshot/keyed_state_file.h"
#include "spill/io_engine.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"
#include "spillway/status.h"

namespace spillway::hybrid {

// The views of one snapshot. Deletes itself when the owner has ended the last of them.
class PinSet {
 public:
  struct Pin {
    View view;
    PinnedRuns runs;
    uint32_t state = 0;  // index into the snapshot's descriptors
    uint32_t group = 0;
  };

  PinSet(MemoryAccount* account, size_t capacity) : charge_(account, sizeof(PinSet) + capacity * sizeof(Pin)) {
    pins_ = std::vector<Pin>(capacity);
  }
  [[nodiscard]] std::vector<Pin>& pins() { return pins_; }
  // The owner ended this view, which is one of a set.
  static void Ended(View* view);

 private:
  std::vector<Pin> pins_;
  size_t ended_ = 0;
  IoCharge charge_;
};

// What a run has made.
struct SnapshotOutcome {
  std::string metadata;  // empty: there was no state at all, and no file
  std::string file_name;
  uint64_t file_bytes = 0;
  uint64_t entries = 0;
};

class TableSnapshot {
 public:
  static Result<std::unique_ptr<TableSnapshot>> Begin(Instance* instance, const spw_snapshot_options& options);
  ~TableSnapshot();
  TableSnapshot(const TableSnapshot&) = delete;
  TableSnapshot& operator=(const TableSnapshot&) = delete;

  [[nodiscard]] Result<SnapshotOutcome> Run();
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  // The instance closes: cancels, waits for a run under way, and takes the views.
  void EndByOwner();

 private:
  enum class Phase { kReady, kRunning, kOver, kClosed };

  // Ends a run, whatever way it ends.
  class RunEnd {
   public:
    explicit RunEnd(TableSnapshot* snapshot) : snapshot_(snapshot) {}
    ~RunEnd() { snapshot_->EndRun(); }
    RunEnd(const RunEnd&) = delete;
    RunEnd& operator=(const RunEnd&) = delete;

   private:
    TableSnapshot* const snapshot_;
  };

  TableSnapshot(Instance* instance, std::string file_name, std::vector<snapshot::StateDescriptor> descriptors,
                size_t tables);
  [[nodiscard]] Result<SnapshotOutcome> Write();
  [[nodiscard]] Status WriteSections(snapshot::KeyedStateFileWriter* writer);
  [[nodiscard]] Status WriteTable(const PinSet::Pin& pin, spill::IoEngine* engine,
                                  snapshot::KeyedStateFileWriter* writer);
  // Null when no table has runs.
  [[nodiscard]] Result<std::unique_ptr<spill::IoEngine>> OpenEngine();
  [[nodiscard]] Status CheckCancelled() const;
  void EndRun() noexcept;
  // Gives the next view, or all that are left, to the owner.
  void HandBackNext();
  void HandBackRest();

  const plugin::HandleCount counted_;
  Instance* const instance_;
  const std::string file_name_;
  const std::vector<snapshot::StateDescriptor> descriptors_;
  PinSet* pins_;  // until the last is handed back
  size_t pin_count_;
  size_t handed_back_ = 0;
  std::atomic<bool> cancelled_{false};  // relaxed: it only has to be seen some time
  std::mutex mutex_;
  std::condition_variable run_ended_;
  Phase phase_ = Phase::kReady;  // guarded by mutex_
};

}  // namespace spillway::hybrid
