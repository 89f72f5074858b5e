// A host for one backend instance: storage in memory, a clock that stands still until it is set, a log that is kept.
//
// Any thread may be in its slots. It must outlive the instance, and its storage must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "spillway/plugin/abi.h"
#include "tests/conformance/memory_storage.h"

namespace spillway::conformance {

// Whether what was written under the old schema can be read under the new; both as the state was registered with them.
using Compatibility = std::function<spw_schema_compatibility(spw_schema_role role, const std::string& old_schema,
                                                             const std::string& new_schema)>;

class MemoryHost {
 public:
  // Without a compatibility, schemas are compatible when they are equal.
  explicit MemoryHost(MemoryStorage* storage, Compatibility compatibility = {});
  MemoryHost(const MemoryHost&) = delete;
  MemoryHost& operator=(const MemoryHost&) = delete;

  [[nodiscard]] const spw_host* table() const { return &table_; }
  [[nodiscard]] MemoryStorage& storage() { return *storage_; }
  void SetNow(int64_t now_ms) { now_ms_.store(now_ms, std::memory_order_relaxed); }
  [[nodiscard]] std::vector<std::string> Log();

 private:
  static MemoryHost* Self(void* context) { return static_cast<MemoryHost*>(context); }
  void FillStorageSlots();

  MemoryStorage* const storage_;
  const Compatibility compatibility_;
  spw_host table_;
  std::atomic<int64_t> now_ms_{1'700'000'000'000};  // relaxed: it orders nothing
  std::mutex mutex_;
  std::vector<std::string> log_;                  // guarded by mutex_
  std::vector<spw_read_completion> completions_;  // guarded by mutex_
};

}  // namespace spillway::conformance
