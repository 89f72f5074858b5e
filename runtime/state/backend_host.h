// The host's side of one backend instance: the spw_host table that the runtime hands to the plugin.
//
// Log lines go to the job's logger with the instance's name in front; the clock is the system's; samples of metrics are
// logged at debug level; the memory share is what the instance was opened with (more is not granted yet); schemas are
// compatible when they are equal; checkpoint storage is the job's. The table's slots may be called from any thread. The
// host outlives its instance.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <memory>
#include <string>

#include "snapshot/checkpoint_storage.h"
#include "snapshot/storage_slots.h"
#include "spillway/plugin/abi.h"

namespace spillway::runtime {

class BackendHost {
 public:
  // `storage` may be null: then the storage slots are absent.
  BackendHost(std::string instance, uint64_t memory_share_bytes, std::shared_ptr<snapshot::CheckpointStorage> storage,
              std::shared_ptr<spdlog::logger> logger);
  BackendHost(const BackendHost&) = delete;
  BackendHost& operator=(const BackendHost&) = delete;

  [[nodiscard]] const spw_host* table() const { return &table_; }

 private:
  void FillTable();

  const std::string instance_;
  const uint64_t memory_share_bytes_;
  const std::shared_ptr<spdlog::logger> logger_;
  std::unique_ptr<snapshot::StorageSlots> storage_slots_;
  spw_host table_;
};

}  // namespace spillway::runtime
