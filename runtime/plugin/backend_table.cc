#include "runtime/plugin/backend_table.h"

#include <cstring>

#include "spillway/plugin/capabilities.h"
#include "spillway/plugin/unsupported.h"

namespace spillway::runtime {
namespace {

constexpr uint64_t kRequired = 0;  // of every plugin, whatever it claims
constexpr uint64_t kCheckpoints = SPW_CAP_SNAPSHOT_FULL | SPW_CAP_SNAPSHOT_INCREMENTAL;
constexpr uint64_t kSnapshots = kCheckpoints | SPW_CAP_SAVEPOINT;

// Every slot of spw_backend_api in its order, and the capabilities that need it.
#define SPILLWAY_BACKEND_SLOTS(X)           \
  X(open, kRequired)                        \
  X(bind_owner, kRequired)                  \
  X(close, kRequired)                       \
  X(release, kRequired)                     \
  X(register_state, kRequired)              \
  X(find_state, kRequired)                  \
  X(state_schema, kRequired)                \
  X(state_entry_count, kRequired)           \
  X(set_current_key, kRequired)             \
  X(state_clear, kRequired)                 \
  X(end_record, kRequired)                  \
  X(poll, kRequired)                        \
  X(value_get, SPW_CAP_VALUE)               \
  X(value_get_for_update, SPW_CAP_VALUE)    \
  X(value_put, SPW_CAP_VALUE)               \
  X(value_get_at, SPW_CAP_VALUE)            \
  X(value_get_for_update_at, SPW_CAP_VALUE) \
  X(list_append, SPW_CAP_LIST)              \
  X(list_replace, SPW_CAP_LIST)             \
  X(list_iterate, SPW_CAP_LIST)             \
  X(map_get, SPW_CAP_MAP)                   \
  X(map_put, SPW_CAP_MAP)                   \
  X(map_remove, SPW_CAP_MAP)                \
  X(map_is_empty, SPW_CAP_MAP)              \
  X(map_iterate, SPW_CAP_MAP)               \
  X(merge_namespaces, SPW_CAP_MERGE)        \
  X(keys, kRequired)                        \
  X(keys_and_namespaces, kRequired)         \
  X(entries, kRequired)                     \
  X(iterator_next, kRequired)               \
  X(iterator_remove, SPW_CAP_MAP)           \
  X(iterator_replace, SPW_CAP_MAP)          \
  X(iterator_release, kRequired)            \
  X(timer_add, SPW_CAP_TIMER)               \
  X(timer_remove, SPW_CAP_TIMER)            \
  X(timer_peek, SPW_CAP_TIMER)              \
  X(timer_poll_due, SPW_CAP_TIMER)          \
  X(prefetch, SPW_CAP_PREFETCH)             \
  X(get_many, SPW_CAP_BATCH)                \
  X(put_many, SPW_CAP_BATCH)                \
  X(get_async, SPW_CAP_ASYNC_GET)           \
  X(wait, SPW_CAP_ASYNC_GET)                \
  X(event_descriptor, SPW_CAP_ASYNC_GET)    \
  X(query_submit, SPW_CAP_QUERY)            \
  X(snapshot_begin, kSnapshots)             \
  X(snapshot_run, kSnapshots)               \
  X(snapshot_cancel, kSnapshots)            \
  X(snapshot_release, kSnapshots)           \
  X(checkpoint_complete, kCheckpoints)      \
  X(checkpoint_aborted, kCheckpoints)       \
  X(checkpoint_subsumed, kCheckpoints)      \
  X(restore, kCheckpoints)                  \
  X(restore_savepoint, SPW_CAP_SAVEPOINT)   \
  X(memory_usage, kRequired)                \
  X(memory_set_share, kRequired)            \
  X(memory_reclaim, SPW_CAP_SPILL)          \
  X(metrics, kRequired)

#define SPILLWAY_COUNT(slot, capabilities) +1
constexpr size_t kSlotCount = 0 SPILLWAY_BACKEND_SLOTS(SPILLWAY_COUNT);
#undef SPILLWAY_COUNT
static_assert(sizeof(spw_backend_api) == 2 * sizeof(uint32_t) + kSlotCount * sizeof(void (*)()),
              "a slot of the ABI is missing in this list");

#define SPILLWAY_ENTRY(slot, capabilities) \
  BackendSlot{#slot, offsetof(spw_backend_api, slot), (capabilities) == kRequired, capabilities},
constexpr BackendSlot kSlots[] = {SPILLWAY_BACKEND_SLOTS(SPILLWAY_ENTRY)};
#undef SPILLWAY_ENTRY

bool IsThere(const spw_backend_api& table, const BackendSlot& slot) {
  if (table.struct_size < slot.offset + sizeof(void (*)())) return false;
  void (*function)() = nullptr;
  std::memcpy(&function, reinterpret_cast<const char*>(&table) + slot.offset, sizeof(function));
  return function != nullptr;
}

}  // namespace

std::span<const BackendSlot> BackendSlots() {
  return kSlots;
}

spw_backend_api CompleteBackendTable(const spw_backend_api* table) {
  spw_backend_api complete = plugin::CopyKnownPart(table);
#define SPILLWAY_STUB(slot, capabilities) plugin::StubIfNull<"the plugin", #slot>(complete.slot);
  SPILLWAY_BACKEND_SLOTS(SPILLWAY_STUB)
#undef SPILLWAY_STUB
  return complete;
}

std::string MissingSlots(const spw_backend_api& table, uint64_t capabilities) {
  std::string missing;
  for (const BackendSlot& slot : kSlots) {
    const uint64_t claimed = slot.capabilities & capabilities;
    if ((!slot.required && claimed == 0) || IsThere(table, slot)) continue;
    missing += missing.empty() ? "" : ", ";
    missing +=
        std::string("'") + slot.name + "' (" +
        (slot.required ? "required of every plugin" : "claimed by capability " + plugin::CapabilityNames(claimed)) +
        ")";
  }
  return missing.empty() ? missing : "slots are missing: " + missing;
}

}  // namespace spillway::runtime
