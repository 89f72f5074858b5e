// Sources: replayable inputs made of splits.
//
// A split is the unit of reading and of replay: one file, one partition of a generator. It is read in order by one
// subtask at a time, so records of one split keep their order up to the first keyBy and, per key, behind it. A
// checkpoint stores each started split's position; a restored job opens it there and reads on, perhaps in another
// subtask.
//
// Threads: DiscoverSplits is called once per job run, before any subtask; OpenSplit from any subtask, concurrently; a
// SplitReader belongs to one subtask's thread. Errors end the job, naming the split.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spillway/status.h"

namespace spillway {

struct SourceSplit {
  std::string id;        // stable over runs and unique in its source: a file's path, "generator-03"
  std::string position;  // bytes that only the source understands; empty: from the beginning
};

template <typename T>
class SplitReader {
 public:
  virtual ~SplitReader() = default;

  // Appends at most `records_max` (> 0) records to `out`. False: the split has ended, and nothing will come any more.
  // True with nothing appended is allowed (a block without a record in it) and calls for another read.
  virtual Result<bool> Read(size_t records_max, std::vector<T>* out) = 0;

  // Where to open the split again so that the next record read is the one that Read would append next.
  [[nodiscard]] virtual std::string Position() const = 0;

  // How much of the split's size (see Source::SplitSize) has been read; for progress only.
  [[nodiscard]] virtual uint64_t Progress() const = 0;
};

template <typename T>
class Source {
 public:
  virtual ~Source() = default;

  // All splits, each at its beginning, in an order that is the same in every run on the same input.
  virtual Result<std::vector<SourceSplit>> DiscoverSplits() = 0;
  // Before a restored job starts, of every split that was begun: an error when what its position was taken of is not
  // there any more. The job is then refused. On the thread that called DiscoverSplits, after it.
  [[nodiscard]] virtual Status CheckRestored(const SourceSplit& split) {
    static_cast<void>(split);
    return {};
  }
  virtual Result<std::unique_ptr<SplitReader<T>>> OpenSplit(const SourceSplit& split) = 0;
  // In any unit that Progress counts in; nullopt when it is not known. For progress only.
  [[nodiscard]] virtual std::optional<uint64_t> SplitSize(const SourceSplit& split) const = 0;
};

}  // namespace spillway
