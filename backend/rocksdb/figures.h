// The figures that RocksDB gives about itself. Any thread.
#pragma once

#include <cstdint>

#include "backend/rocksdb/state.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

struct Figures {
  uint64_t memtable_bytes = 0;      // of all memtables that are not freed yet
  uint64_t cached_block_bytes = 0;  // in the block cache, without what it is charged for memtables
  uint64_t cache_capacity = 0;
  uint64_t pinned_bytes = 0;        // of the cache, by iterators, views and pinned index blocks
  uint64_t table_reader_bytes = 0;  // indexes and filters outside the cache
  uint64_t held_bytes = 0;          // views, and values handed out for update
  uint64_t timer_cache_bytes = 0;
  uint64_t table_file_bytes = 0;
  uint64_t table_file_live_bytes = 0;
  uint64_t estimated_keys = 0;
  uint64_t flushes_pending = 0;
  uint64_t compactions_running = 0;
  uint64_t compaction_pending_bytes = 0;
  uint64_t delayed_write_rate = 0;  // bytes per second; 0: writes are not slowed down
  uint64_t writes_stopped = 0;
  uint64_t background_errors = 0;
};

[[nodiscard]] Result<Figures> ReadFigures(spw_backend* backend);

// The slot.
[[nodiscard]] Answer Metrics(spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count);

}  // namespace spillway::rocks
