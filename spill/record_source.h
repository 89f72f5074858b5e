// RecordSource: records of one section, in the order of CompareKeys, one after the other.
//
// What a MergeCursor merges: cursors over runs, the records of one key in a run, and what a backend has in memory (as
// the newest run, which it would be if it were flushed). Thread and blocking are those of the implementation.
#pragma once

#include "spill/record.h"
#include "spillway/status.h"

namespace spillway::spill {

class RecordSource {
 public:
  RecordSource() = default;
  RecordSource(const RecordSource&) = delete;
  RecordSource& operator=(const RecordSource&) = delete;
  virtual ~RecordSource() = default;

  // Moves to the next record, at first to the first; false at the end. After an error it stays there.
  [[nodiscard]] virtual Result<bool> Next() = 0;
  // Valid until the next Next.
  [[nodiscard]] virtual const RunRecord& record() const = 0;
};

}  // namespace spillway::spill
