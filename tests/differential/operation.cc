#include "tests/differential/operation.h"

#include <array>
#include <ostream>

namespace spillway::differential {

const char* ActionName(Action action) {
  static constexpr std::array<const char*, static_cast<size_t>(Action::kNumberOf)> kNames = {"SetKey",
                                                                                             "ValueGet",
                                                                                             "ValuePut",
                                                                                             "ValueUpdate",
                                                                                             "ValueUpdateAt",
                                                                                             "ValueClear",
                                                                                             "ListAppend",
                                                                                             "ListReplace",
                                                                                             "ListRead",
                                                                                             "ListClear",
                                                                                             "ListMerge",
                                                                                             "MapPut",
                                                                                             "MapPutNull",
                                                                                             "MapGet",
                                                                                             "MapRemove",
                                                                                             "MapIsEmpty",
                                                                                             "MapRead",
                                                                                             "MapClear",
                                                                                             "MapIterateAndChange",
                                                                                             "TimerAdd",
                                                                                             "TimerRemove",
                                                                                             "TimerPeek",
                                                                                             "TimerPollDue",
                                                                                             "Count",
                                                                                             "Keys",
                                                                                             "OpenIterator",
                                                                                             "DrainIterator",
                                                                                             "ApplyToAllKeys",
                                                                                             "HoldView",
                                                                                             "Query",
                                                                                             "EndRecord",
                                                                                             "Poll",
                                                                                             "Refused",
                                                                                             "SnapshotBegin",
                                                                                             "SnapshotRun",
                                                                                             "SnapshotRunBeside",
                                                                                             "SnapshotCancel",
                                                                                             "SnapshotRelease",
                                                                                             "Restore"};
  return kNames[static_cast<size_t>(action) % kNames.size()];
}

void showValue(const Operation& operation, std::ostream& out) {
  out << ActionName(operation.action) << "(state " << int{operation.state} << ", key " << int{operation.key}
      << ", namespace " << int{operation.state_namespace} << ", map key " << int{operation.map_key} << ", slot "
      << int{operation.slot} << ", size " << operation.size << ", content " << operation.content << ")";
}

}  // namespace spillway::differential
