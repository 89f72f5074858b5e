// One backend instance for one subtask of a keyed operator, from open to release.
//
// Open, Close and everything through backend() belong to the subtask's thread, which becomes the owner. Usage and
// Metrics may be called from any thread. Snapshots must have been released before Close. Owns host table and instance;
// shares the plugin.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plugin/plugin.h"
#include "runtime/state/backend_host.h"
#include "snapshot/checkpoint_manifest.h"
#include "spillway/plugin/backend.h"
#include "spillway/status.h"

namespace spillway::runtime {

struct KeyedBackendOptions {
  std::string instance;  // [A-Za-z0-9._-]+, unique in the job
  uint32_t max_parallelism = 1;
  spw_key_group_range key_groups{};
  uint64_t memory_share_bytes = 0;
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<std::filesystem::path> local_directories;
  std::shared_ptr<snapshot::CheckpointStorage> storage;  // null: no snapshots
  std::shared_ptr<spdlog::logger> logger;
  // What intersects key_groups of the restored checkpoint, file names as `storage` knows them.
  std::vector<snapshot::KeyedStateSnapshot> restore_from;
};

class KeyedBackend {
 public:
  static Result<std::unique_ptr<KeyedBackend>> Open(std::shared_ptr<const Plugin> plugin,
                                                    const KeyedBackendOptions& options);
  KeyedBackend(const KeyedBackend&) = delete;
  KeyedBackend& operator=(const KeyedBackend&) = delete;
  // Closes if that was not done, dropping errors.
  ~KeyedBackend();

  [[nodiscard]] const plugin::Backend& backend() const { return backend_; }
  [[nodiscard]] std::string_view plugin_name() const { return plugin_->name(); }
  // All zero after Close.
  [[nodiscard]] spw_memory_usage Usage() const;
  // None after Close. Their strings are the plugin's and stay for ever.
  [[nodiscard]] std::vector<spw_metric> Metrics() const;
  // Whether state may be elsewhere than in memory.
  [[nodiscard]] bool spills() const { return plugin_->Has(SPW_CAP_SPILL); }
  Status Close();

 private:
  KeyedBackend(std::shared_ptr<const Plugin> plugin, const KeyedBackendOptions& options);
  Status OpenInstance(const KeyedBackendOptions& options);
  Status Restore(const std::vector<snapshot::KeyedStateSnapshot>& from);

  const std::shared_ptr<const Plugin> plugin_;
  BackendHost host_;
  mutable std::mutex usage_mutex_;  // keeps the instance open while Usage and Metrics ask it
  bool open_ = false;               // guarded by usage_mutex_
  plugin::Backend backend_;
};

}  // namespace spillway::runtime
