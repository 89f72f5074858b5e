// Live queries that wait for the owner's next poll. Any thread submits; the owner takes them all at once.
//
// No answer is ever given under the lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

struct PendingQuery {
  std::string state_name;
  std::string key;
  std::string state_namespace;
  std::optional<std::string> map_key;
  uint32_t key_group = 0;
  void* context = nullptr;
  void (*answer)(void* context, spw_code code, const spw_view* value) = nullptr;
};

class QueryQueue {
 public:
  static constexpr size_t kPendingMax = 65536;

  enum class Outcome { kQueued, kClosed, kFull };

  [[nodiscard]] Outcome Submit(PendingQuery query) {
    const std::lock_guard lock(mutex_);
    if (closed_) return Outcome::kClosed;
    if (pending_.size() >= kPendingMax) return Outcome::kFull;
    pending_.push_back(std::move(query));
    has_pending_.store(true, std::memory_order_relaxed);
    return Outcome::kQueued;
  }
  [[nodiscard]] std::vector<PendingQuery> TakeAll() {
    std::vector<PendingQuery> taken;
    // Relaxed: a query that is missed now is found by the next poll; the lock orders the rest.
    if (!has_pending_.load(std::memory_order_relaxed)) return taken;
    const std::lock_guard lock(mutex_);
    taken.swap(pending_);
    has_pending_.store(false, std::memory_order_relaxed);
    return taken;
  }
  // Takes what is left; nothing is queued any more.
  [[nodiscard]] std::vector<PendingQuery> Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    std::vector<PendingQuery> taken;
    taken.swap(pending_);
    return taken;
  }

 private:
  std::mutex mutex_;
  std::vector<PendingQuery> pending_;  // guarded by mutex_
  bool closed_ = false;                // guarded by mutex_
  std::atomic<bool> has_pending_{false};
};

}  // namespace spillway::hybrid
