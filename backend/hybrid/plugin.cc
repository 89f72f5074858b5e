// The descriptor that the library exports.
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/spill_options.h"
#include "spillway/plugin/abi.h"

namespace {

const spw_backend_api* Api() {
  static const spw_backend_api kApi = [] {
    spw_backend_api api{};
    api.struct_size = sizeof(api);
    spillway::hybrid::FillLifeSlots(&api);
    spillway::hybrid::FillStateSlots(&api);
    spillway::hybrid::FillValueSlots(&api);
    spillway::hybrid::FillListSlots(&api);
    spillway::hybrid::FillMapSlots(&api);
    spillway::hybrid::FillIteratorSlots(&api);
    spillway::hybrid::FillTimerSlots(&api);
    spillway::hybrid::FillBatchSlots(&api);
    spillway::hybrid::FillQuerySlots(&api);
    spillway::hybrid::FillSnapshotSlots(&api);
    spillway::hybrid::FillMemorySlots(&api);
    return api;
  }();
  return &kApi;
}

}  // namespace

// Initialized when the library is loaded, before anybody can look the symbol up.
const spw_plugin_descriptor spw_plugin_v0 = {
    sizeof(spw_plugin_descriptor),
    SPW_ABI_MAJOR,
    SPW_ABI_MINOR,
    static_cast<uint32_t>(spillway::hybrid::ConfigKeys().size()),
    "hybrid",
    SPILLWAY_VERSION,
    "State in memory, updated in place, that spills to local disk; snapshots do not stop the stream",
    SPW_CAP_VALUE | SPW_CAP_LIST | SPW_CAP_MAP | SPW_CAP_TIMER | SPW_CAP_MERGE | SPW_CAP_SNAPSHOT_FULL |
        SPW_CAP_PREFETCH | SPW_CAP_BATCH | SPW_CAP_QUERY | SPW_CAP_SPILL,
    Api(),
    spillway::hybrid::ConfigKeys().data(),
    []() noexcept -> uint64_t { return spillway::plugin::LiveHandles::OfPlugin().count(); },
};
