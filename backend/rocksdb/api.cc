// The table of the plugin, filled by one file for each idea.
#include "backend/rocksdb/slot.h"

namespace spillway::rocks {

const spw_backend_api& Api() {
  static const spw_backend_api kApi = [] {
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
    FillBatchSlots(&table);
    FillQuerySlots(&table);
    FillSnapshotSlots(&table);
    FillRestoreSlots(&table);
    FillMemorySlots(&table);
    return table;
  }();
  return kApi;
}

}  // namespace spillway::rocks
