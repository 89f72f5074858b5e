// The model: a keyed state backend on std::map, as simple as can be, which tells the other backends what is right.
//
// It is a plugin like any other and good for jobs that fit in memory. What it does not do as the ABI asks of a real
// one: snapshots and most iterators copy what they cover.
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

constexpr uint64_t kCapabilities = SPW_CAP_VALUE | SPW_CAP_LIST | SPW_CAP_MAP | SPW_CAP_TIMER | SPW_CAP_MERGE |
                                   SPW_CAP_SNAPSHOT_FULL | SPW_CAP_PREFETCH | SPW_CAP_QUERY;

const spw_backend_api& Api() {
  static const spw_backend_api api = [] {
    spw_backend_api table{};
    table.struct_size = sizeof(table);
    FillLifeSlots(&table);
    FillRegistrationSlots(&table);
    FillValueSlots(&table);
    FillListSlots(&table);
    FillMapSlots(&table);
    FillMergeSlots(&table);
    FillTimerSlots(&table);
    FillIteratorSlots(&table);
    FillQuerySlots(&table);
    FillSnapshotSlots(&table);
    FillRestoreSlots(&table);
    FillMemorySlots(&table);
    return table;
  }();
  return api;
}

}  // namespace
}  // namespace spillway::model

extern "C" const spw_plugin_descriptor spw_plugin_v0 = {
    sizeof(spw_plugin_descriptor),
    SPW_ABI_MAJOR,
    SPW_ABI_MINOR,
    0,
    "model",
    "0.1.0",
    "The plain std::map backend that the tests compare with",
    spillway::model::kCapabilities,
    &spillway::model::Api(),
    nullptr,
    [] { return spillway::plugin::LiveHandles::OfPlugin().count(); },
};
