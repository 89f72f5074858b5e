// What the host keeps of a snapshot beside its file, opaque to it: enough to refuse a foreign one before a file is
// read. The fields in order, as ByteWriter writes them; FORMAT.md beside this header. Plain values, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

struct SnapshotMetadata {
  uint32_t max_parallelism = 0;
  spw_key_group_range key_groups{};
  std::string key_group_function;
  uint64_t entries = 0;
};

[[nodiscard]] std::string EncodeMetadata(const SnapshotMetadata& metadata);
// kCorruption for what was not written by EncodeMetadata, kVersionMismatch for another version's.
[[nodiscard]] Result<SnapshotMetadata> DecodeMetadata(BytesView bytes);

}  // namespace spillway::hybrid
