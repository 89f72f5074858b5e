// Writes snapshots in the background, while the subtasks that took them go on.
//
// A few threads for the whole job; Submit and CancelUpTo from any thread. A SnapshotTask owns the plugin's snapshot and
// releases it as soon as it has been written; the backend must stay open until then, so a subtask waits for its tasks
// before it closes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "snapshot/checkpoint_manifest.h"
#include "spillway/plugin/backend.h"
#include "spillway/status.h"

namespace spillway::runtime {

class SnapshotTask {
 public:
  // Called once, on the thread that wrote it, when the snapshot has been released. `written` has metadata, files,
  // entries and bytes; the rest is the caller's to fill.
  using Done = std::function<void(Result<snapshot::KeyedStateSnapshot> written)>;

  SnapshotTask(uint64_t checkpoint_id, plugin::Snapshot snapshot, Done done)
      : checkpoint_id_(checkpoint_id), snapshot_(std::move(snapshot)), done_(std::move(done)) {}

  [[nodiscard]] uint64_t checkpoint_id() const { return checkpoint_id_; }
  // A snapshot that is being written ends soon, one that has not begun at once. Done is called all the same.
  void Cancel();
  // Until Done has returned.
  void Wait();
  [[nodiscard]] bool finished();

 private:
  friend class SnapshotExecutor;
  void Run(bool cancelled);
  Result<snapshot::KeyedStateSnapshot> Write() const;

  const uint64_t checkpoint_id_;
  std::mutex mutex_;  // guards what follows; not held while the snapshot is written
  std::condition_variable finished_changed_;
  plugin::Snapshot snapshot_;
  bool cancelled_ = false;
  bool finished_ = false;
  Done done_;
};

class SnapshotExecutor {
 public:
  // Fewer where the system gives no more; when it gives none, std::system_error.
  explicit SnapshotExecutor(size_t threads);
  SnapshotExecutor(const SnapshotExecutor&) = delete;
  SnapshotExecutor& operator=(const SnapshotExecutor&) = delete;
  // Cancels what is left and waits for it.
  ~SnapshotExecutor();

  std::shared_ptr<SnapshotTask> Submit(uint64_t checkpoint_id, plugin::Snapshot snapshot, SnapshotTask::Done done);
  // Cancels all tasks of this checkpoint and of earlier ones, those submitted later too, and waits until none of them
  // is left.
  void CancelUpTo(uint64_t checkpoint_id);

 private:
  void Work();

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<std::shared_ptr<SnapshotTask>> waiting_;
  std::vector<std::shared_ptr<SnapshotTask>> running_;
  uint64_t cancelled_up_to_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace spillway::runtime
