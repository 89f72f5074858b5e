// The handle of a snapshot of the RocksDB backend.
//
// Begun by the owner thread: a RocksDB snapshot, and a copy of the states' descriptions. Written once by any other
// thread, which reads the database as of then. Known to its backend until it is released or the backend is closed,
// whichever is first; `running` and `pinned` are guarded by the backend's mutex.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "backend/rocksdb/time_to_live.h"
#include "snapshot/keyed_state_file.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"

struct spw_snapshot {
  // What is written of one state. The column family lives until close, which waits for the run.
  struct State {
    spillway::snapshot::StateDescriptor description;
    rocksdb::ColumnFamilyHandle* family;
    const spillway::rocks::TimeToLive* time_to_live;
  };

  explicit spw_snapshot(spw_backend* of) : backend(of) {}
  // Gives the RocksDB snapshot back.
  void Unpin();

  const spillway::plugin::HandleCount counted;
  spw_backend* const backend;
  std::string file_name;
  int64_t begun_ms = 0;  // by the host's clock: what has expired by then is left out
  std::vector<State> states;
  const rocksdb::Snapshot* pinned = nullptr;
  bool begun_run = false;  // guarded by the backend's mutex
  bool running = false;
  std::atomic<bool> cancelled{false};  // relaxed: it orders nothing, the run looks now and then
};
