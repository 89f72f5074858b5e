#include "runtime/checkpoint/snapshot_executor.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "spillway/plugin/error.h"
#include "spillway/plugin_status.h"

namespace spillway::runtime {

void SnapshotTask::Cancel() {
  const std::lock_guard lock(mutex_);
  if (finished_ || cancelled_) return;
  cancelled_ = true;
  if (snapshot_) snapshot_.Cancel();
}

void SnapshotTask::Wait() {
  std::unique_lock lock(mutex_);
  finished_changed_.wait(lock, [&] { return finished_; });
}

bool SnapshotTask::finished() {
  const std::lock_guard lock(mutex_);
  return finished_;
}

Result<snapshot::KeyedStateSnapshot> SnapshotTask::Write() const {
  plugin::Error err;
  plugin::SnapshotResult result;
  const spw_code code = snapshot_.Run(&result, err);
  if (code != SPW_OK) {
    const Status status = StatusOf(code, err);
    return status.ok() ? Status::Internal("snapshot_run answered " + std::to_string(code)) : status;
  }
  snapshot::KeyedStateSnapshot written;
  written.metadata = std::string(plugin::ToStringView(result->metadata));
  for (uint32_t i = 0; i < result->file_count; ++i) {
    written.files.push_back({result->files[i].name, result->files[i].size});
  }
  written.entries = result->entries;
  written.bytes = result->bytes;
  return written;
}

void SnapshotTask::Run(bool cancelled) {
  {
    const std::lock_guard lock(mutex_);
    cancelled = cancelled || cancelled_;
  }
  Result<snapshot::KeyedStateSnapshot> written = Status::Cancelled("the checkpoint was given up");
  // A cancelled one answers at once.
  if (!cancelled) written = Write();
  {
    const std::lock_guard lock(mutex_);
    snapshot_.Reset();
  }
  done_(std::move(written));
  const std::lock_guard lock(mutex_);
  done_ = nullptr;
  finished_ = true;
  finished_changed_.notify_all();
}

SnapshotExecutor::SnapshotExecutor(size_t threads) {
  for (size_t i = 0; i < threads; ++i) {
    try {
      threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
      return;
    }
  }
}

SnapshotExecutor::~SnapshotExecutor() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    cancelled_up_to_ = UINT64_MAX;
    for (const auto& task : running_) task->Cancel();
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

std::shared_ptr<SnapshotTask> SnapshotExecutor::Submit(uint64_t checkpoint_id, plugin::Snapshot snapshot,
                                                       SnapshotTask::Done done) {
  auto task = std::make_shared<SnapshotTask>(checkpoint_id, std::move(snapshot), std::move(done));
  const std::lock_guard lock(mutex_);
  waiting_.push_back(task);
  changed_.notify_all();
  return task;
}

void SnapshotExecutor::CancelUpTo(uint64_t checkpoint_id) {
  std::unique_lock lock(mutex_);
  cancelled_up_to_ = std::max(cancelled_up_to_, checkpoint_id);
  const auto concerned = [&](const std::shared_ptr<SnapshotTask>& task) {
    return task->checkpoint_id() <= checkpoint_id;
  };
  for (const auto& task : running_) {
    if (concerned(task)) task->Cancel();
  }
  changed_.wait(lock, [&] {
    return std::none_of(running_.begin(), running_.end(), concerned) &&
           std::none_of(waiting_.begin(), waiting_.end(), concerned);
  });
}

void SnapshotExecutor::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::shared_ptr<SnapshotTask> task = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(task);
    const bool cancelled = task->checkpoint_id() <= cancelled_up_to_;
    lock.unlock();
    task->Run(cancelled);
    lock.lock();
    std::erase(running_, task);
    changed_.notify_all();
  }
}

}  // namespace spillway::runtime
