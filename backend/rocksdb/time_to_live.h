// Time-to-live of a state: when a stored value has expired.
//
// Set by the owner when the state is registered; read by the owner, by snapshots and by RocksDB's compactions, hence
// the relaxed atomics: they order nothing, and a compaction that still sees the old duration drops no more than that
// one allows. Values without a time stamp, written before the state had a time-to-live, count from when it got it.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "backend/rocksdb/stored_value.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

class TimeToLive {
 public:
  void Set(int64_t duration_ms, int64_t now_ms) {
    if (duration_ms > 0 && duration_ms_.load(std::memory_order_relaxed) == 0) {
      since_ms_.store(now_ms, std::memory_order_relaxed);
    }
    duration_ms_.store(duration_ms, std::memory_order_relaxed);
  }
  [[nodiscard]] bool enabled() const { return duration_ms_.load(std::memory_order_relaxed) > 0; }

  // When the value was last written, or read where that counts.
  [[nodiscard]] int64_t StampOf(const StoredValue& value) const {
    return value.has_stamp ? value.stamp : since_ms_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool IsExpired(const StoredValue& value, int64_t now_ms) const {
    const int64_t duration = duration_ms_.load(std::memory_order_relaxed);
    if (duration <= 0) return false;
    const int64_t stamp = StampOf(value);
    if (stamp > std::numeric_limits<int64_t>::max() - duration) return false;  // beyond the end of time: never
    return stamp + duration <= now_ms;
  }

 private:
  std::atomic<int64_t> duration_ms_{0};  // 0: none
  std::atomic<int64_t> since_ms_{0};
};

}  // namespace spillway::rocks
