#include "runtime/state/backend_host.h"

#include <chrono>
#include <utility>

#include "spillway/plugin/error.h"

namespace spillway::runtime {

namespace {

spdlog::level::level_enum LevelOf(spw_log_level level) {
  switch (level) {
    case SPW_LOG_DEBUG:
      return spdlog::level::debug;
    case SPW_LOG_WARN:
      return spdlog::level::warn;
    case SPW_LOG_ERROR:
      return spdlog::level::err;
    default:
      return spdlog::level::info;
  }
}

}  // namespace

BackendHost::BackendHost(std::string instance, uint64_t memory_share_bytes,
                         std::shared_ptr<snapshot::CheckpointStorage> storage, std::shared_ptr<spdlog::logger> logger)
    : instance_(std::move(instance)),
      memory_share_bytes_(memory_share_bytes),
      logger_(std::move(logger)),
      table_(plugin::Sized<spw_host>()) {
  if (storage != nullptr) storage_slots_ = std::make_unique<snapshot::StorageSlots>(std::move(storage));
  FillTable();
}

// Slots may not throw: spdlog reports what goes wrong inside it by its own error handler.
void BackendHost::FillTable() {
  table_.abi_major = SPW_ABI_MAJOR;
  table_.abi_minor = SPW_ABI_MINOR;
  table_.context = this;
  table_.log = [](void* context, spw_log_level level, const char* message) noexcept {
    const auto* host = static_cast<BackendHost*>(context);
    host->logger_->log(LevelOf(level), "{}: {}", host->instance_, message);
  };
  table_.record_metric = [](void* context, const char* name, double value) noexcept {
    const auto* host = static_cast<BackendHost*>(context);
    host->logger_->debug("{}: {} = {}", host->instance_, name, value);
  };
  table_.now_ms = [](void*) noexcept -> int64_t {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  };
  table_.memory_request = [](void* context, uint64_t, uint64_t* granted, spw_error*) noexcept -> spw_code {
    *granted = static_cast<BackendHost*>(context)->memory_share_bytes_;
    return SPW_OK;
  };
  table_.schema_compatibility = [](void*, const char*, spw_schema_role, spw_bytes old_schema,
                                   spw_bytes new_schema) noexcept -> spw_schema_compatibility {
    return plugin::ToStringView(old_schema) == plugin::ToStringView(new_schema) ? SPW_SCHEMA_AS_IS
                                                                                : SPW_SCHEMA_INCOMPATIBLE;
  };
  if (storage_slots_ != nullptr) snapshot::FillStorageSlots<&BackendHost::storage_slots_>(&table_);
}

}  // namespace spillway::runtime
