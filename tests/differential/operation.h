// One step of a differential run: what is done to both backends.
//
// Plain numbers, so that every combination means something and a sequence can be shortened anywhere: out-of-range ones
// are taken modulo what there is, and a step that has nothing to work on does nothing, on both sides alike.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <vector>

namespace spillway::differential {

enum class Action : uint8_t {
  kSetKey,
  kValueGet,
  kValuePut,
  kValueUpdate,  // in place
  kValueUpdateAt,
  kValueClear,
  kListAppend,
  kListReplace,
  kListRead,
  kListClear,
  kListMerge,
  kMapPut,
  kMapPutNull,
  kMapGet,
  kMapRemove,
  kMapIsEmpty,
  kMapRead,
  kMapClear,
  kMapIterateAndChange,
  kTimerAdd,
  kTimerRemove,
  kTimerPeek,
  kTimerPollDue,
  kCount,
  kKeys,
  kOpenIterator,
  kDrainIterator,
  kApplyToAllKeys,
  kHoldView,
  kQuery,
  kEndRecord,
  kPoll,
  kRefused,  // calls that have to be refused
  kSnapshotBegin,
  kSnapshotRun,
  kSnapshotRunBeside,  // on a thread of its own, joined by a later step or at the end
  kSnapshotCancel,
  kSnapshotRelease,
  kRestore,
  kNumberOf
};

[[nodiscard]] const char* ActionName(Action action);

struct Operation {
  Action action = Action::kEndRecord;
  uint8_t state = 0;
  uint8_t key = 0;
  uint8_t state_namespace = 0;
  uint8_t map_key = 0;
  uint8_t slot = 0;      // of snapshots, iterators and other things that there are several of
  uint16_t size = 0;     // of what is written
  uint16_t content = 0;  // what is written, times, masks
};

using Operations = std::vector<Operation>;

// For rapidcheck, which prints the shortest failing sequence.
void showValue(const Operation& operation, std::ostream& out);  // NOLINT(readability-identifier-naming): its name

}  // namespace spillway::differential
