// The snapshots of an instance that its Close must end. Any thread; holds nothing but pointers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

namespace spillway::hybrid {

class TableSnapshot;

class SnapshotRegistry {
 public:
  void Add(TableSnapshot* snapshot) {
    const std::lock_guard lock(mutex_);
    snapshots_.push_back(snapshot);
    ++begun_;
  }
  // Calls `last` before anybody who ends all can find out that the snapshot is gone.
  template <typename Last>
  void Remove(TableSnapshot* snapshot, Last&& last) {
    const std::lock_guard lock(mutex_);
    last();
    std::erase(snapshots_, snapshot);
  }
  // Calls `end` for each, during which none of them can be destroyed.
  template <typename End>
  void EndAll(End&& end) {
    const std::lock_guard lock(mutex_);
    for (TableSnapshot* snapshot : snapshots_) end(snapshot);
    snapshots_.clear();
  }
  [[nodiscard]] size_t size() const {
    const std::lock_guard lock(mutex_);
    return snapshots_.size();
  }
  [[nodiscard]] uint64_t begun() const {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<TableSnapshot*> snapshots_;  // guarded by mutex_
  uint64_t begun_ = 0;                     // guarded by mutex_
};

}  // namespace spillway::hybrid
