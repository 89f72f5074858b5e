// Which splits a source subtask has still to read, and what a checkpoint says of it.
//
// Splits are numbered as the source discovers them; a job's input is what the first run discovered, and a restored run
// must discover the same. Finished splits are kept as runs of numbers, so that tens of thousands of files cost a few
// bytes in a checkpoint. Belongs to one subtask's thread; made on the job's thread before.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "spillway/bytes.h"
#include "spillway/status.h"
#include "spillway/stream/source.h"

namespace spillway {

// A set of numbers as maximal runs.
class SplitNumberSet {
 public:
  void Add(uint64_t number);
  void AddAll(const SplitNumberSet& other);
  [[nodiscard]] bool Contains(uint64_t number) const;
  [[nodiscard]] uint64_t count() const;
  void Encode(ByteWriter& out) const;
  // False when the bytes are not of a set of numbers below `limit`.
  bool Decode(ByteReader& in, uint64_t limit);

 private:
  void AddRun(uint64_t first, uint64_t end);
  std::map<uint64_t, uint64_t> runs_;  // first -> one after the last; neither touching nor overlapping
};

struct NumberedSplit {
  uint64_t number = 0;
  SourceSplit split;
  uint64_t size = 0;  // 0 when it is not known
};

// What the checkpoint holds of one source, over all subtasks that wrote to it.
struct SourceCheckpoint {
  uint64_t split_count = 0;
  uint64_t fingerprint = 0;  // of all split ids, in order
  SplitNumberSet finished;
  std::map<uint64_t, std::string> started;  // number -> position
};

// One subtask's part of a source.
struct SplitAssignment {
  uint64_t split_count = 0;
  uint64_t fingerprint = 0;
  SplitNumberSet finished_before;  // by earlier runs; carried on by one subtask only
  uint64_t finished_before_size = 0;
  std::vector<NumberedSplit> splits;  // to be read, in this order
};

inline constexpr const char* kSplitsBlob = "splits";

// `finished`: of this subtask; `started`: where a split that was begun stands.
[[nodiscard]] std::string EncodeSourceCheckpoint(const SourceCheckpoint& checkpoint);
// Adds one subtask's blob to what others said; kCorruption when it cannot be read or contradicts them.
Status DecodeSourceCheckpoint(BytesView blob, SourceCheckpoint* into);

}  // namespace spillway
