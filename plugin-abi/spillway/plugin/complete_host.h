// For plugin authors: the host's table without holes.
//
// A CompleteHost is made in `open` from the table that the host handed over and kept with the backend. It is a copy up
// to the size that both sides know, with a stub in each absent slot, so the plugin calls any slot without looking. May
// be used from any thread; the host's context must outlive it, as the ABI promises.
#pragma once

#include <chrono>
#include <cstdint>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/unsupported.h"

namespace spillway::plugin {

class CompleteHost {
 public:
  explicit CompleteHost(const spw_host* host) noexcept : table_(CopyKnownPart(host)) {
    StubIfNull<"the host", "log">(table_.log);
    StubIfNull<"the host", "record_metric">(table_.record_metric);
    if (table_.now_ms == nullptr) {
      table_.now_ms = [](void*) noexcept -> int64_t {
        const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
      };
    }
    if (table_.schema_compatibility == nullptr) {
      table_.schema_compatibility = [](void*, const char*, spw_schema_role, spw_bytes,
                                       spw_bytes) noexcept -> spw_schema_compatibility {
        return SPW_SCHEMA_INCOMPATIBLE;
      };
    }
    StubIfNull<"the host", "memory_request">(table_.memory_request);
    StubIfNull<"the host", "storage_create">(table_.storage_create);
    StubIfNull<"the host", "storage_write">(table_.storage_write);
    StubIfNull<"the host", "storage_commit">(table_.storage_commit);
    StubIfNull<"the host", "storage_abort">(table_.storage_abort);
    StubIfNull<"the host", "storage_open">(table_.storage_open);
    StubIfNull<"the host", "storage_read_at">(table_.storage_read_at);
    StubIfNull<"the host", "storage_submit_read">(table_.storage_submit_read);
    StubIfNull<"the host", "storage_poll_reads">(table_.storage_poll_reads);
    StubIfNull<"the host", "storage_close">(table_.storage_close);
    StubIfNull<"the host", "storage_delete">(table_.storage_delete);
    StubIfNull<"the host", "storage_import_file">(table_.storage_import_file);
    StubIfNull<"the host", "storage_local_path">(table_.storage_local_path);
  }

  // host->storage_open(host->context, …)
  [[nodiscard]] const spw_host* operator->() const noexcept { return &table_; }
  [[nodiscard]] const spw_host* table() const noexcept { return &table_; }
  void Log(spw_log_level level, const char* message) const noexcept { table_.log(table_.context, level, message); }
  [[nodiscard]] int64_t NowMs() const noexcept { return table_.now_ms(table_.context); }

 private:
  spw_host table_;
};

}  // namespace spillway::plugin
