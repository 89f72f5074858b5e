// Writes what a snapshot has pinned as a keyed-state file (snapshot/keyed_state_file.h).
//
// The thread that runs the snapshot; looks for cancellation between records. Memory: a block of the file, one entry and
// RocksDB's read-ahead, whatever the size of the state; the scan leaves the block cache alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "backend/rocksdb/snapshot.h"
#include "snapshot/file.h"
#include "spillway/status.h"

namespace spillway::rocks {

// What the host keeps in its manifest for us: which layout the files have. The rest is in the file itself.
inline constexpr std::string_view kSnapshotMetadata = "keyed-state-file";

struct SnapshotFigures {
  uint64_t entries = 0;
  uint64_t bytes = 0;
};

// Writes the whole file but does not commit it.
[[nodiscard]] Result<SnapshotFigures> WriteSnapshot(const spw_snapshot& snapshot, snapshot::WritableFile* file);

}  // namespace spillway::rocks
