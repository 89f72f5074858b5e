// The timers of a state: all of them in RocksDB, the earliest of each key-group in memory too.
//
// As in Flink's caching priority queue set: of each key-group the first timers in order are cached; when the cache of
// one runs out, the next are read from behind the last one that was taken, so that the tombstones of what was polled
// are never walked. The cache is empty only when the key-group has no timers. Order: timestamp, key-group, key,
// namespace. Timers are encoded keys (key_encoding.h).
//
// Not thread-safe: the owner's. Every change is written to RocksDB before the cache follows; after an error the caches
// are read again at the next use, so what RocksDB holds is what counts. Borrowed views are good until the next change.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/rocksdb/key_encoding.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

class TimerQueue {
 public:
  // An empty queue; `may_hold_timers`: the column family may have some already.
  TimerQueue(rocksdb::DB* database, rocksdb::ColumnFamilyHandle* family, spw_key_group_range key_groups,
             size_t cache_size, bool may_hold_timers);

  // Adds those that are not there yet; all or nothing.
  rocksdb::Status Add(const std::vector<std::string>& timers, bool* head_changed);
  // *removed is false when it was not there.
  rocksdb::Status Remove(const std::string& timer, bool* removed, bool* head_changed);
  // The earliest; null when there is none.
  rocksdb::Status Peek(const std::string** timer);
  // Removes the earliest up to `capacity` with timestamp <= up_to, in order; all or nothing.
  rocksdb::Status PollDue(int64_t up_to, size_t capacity, std::vector<std::string>* polled);

  // Any thread.
  [[nodiscard]] uint64_t cached_bytes() const { return cached_bytes_.load(std::memory_order_relaxed); }

 private:
  struct KeyGroup {
    std::set<std::string, std::less<>> cache;
    bool complete = true;  // nothing in RocksDB but what is cached
  };
  using Head = std::pair<int64_t, uint32_t>;  // timestamp and key-group of a first timer

  // Reads the first timers of all key-groups, unless that was done.
  rocksdb::Status Load();
  // Fills an empty cache from the first timer above `after`.
  rocksdb::Status Refill(uint32_t key_group, const std::string& after);
  KeyGroup& Of(uint32_t key_group) { return groups_[key_group - range_.first]; }
  [[nodiscard]] const std::string* First() const;
  void CacheAdded(const std::string& timer);
  void Erase(KeyGroup* group, std::set<std::string, std::less<>>::iterator timer);
  // A change of the first timer of a key-group: before it, then after it.
  void HeadLeaves(uint32_t key_group);
  void HeadComes(uint32_t key_group);

  rocksdb::DB* const database_;
  rocksdb::ColumnFamilyHandle* const family_;
  const spw_key_group_range range_;
  const size_t cache_size_;
  rocksdb::WriteOptions write_options_;
  bool loaded_;
  std::vector<KeyGroup> groups_;
  std::set<Head> heads_;
  std::atomic<uint64_t> cached_bytes_{0};  // written by the owner alone; a rough figure for others
};

}  // namespace spillway::rocks
