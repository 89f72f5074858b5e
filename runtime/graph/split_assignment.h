// Which subtask reads which splits of a source, afresh and after a restore.
//
// Pure functions. Split i of those that are left goes to subtask i modulo the parallelism: the same input gives the
// same assignment in every run. Splits that were begun keep their positions, finished ones are left out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spillway/status.h"
#include "spillway/stream/operators/split_progress.h"
#include "spillway/stream/stream_graph.h"

namespace spillway::runtime {

struct SourcePlan {
  std::vector<SplitAssignment> subtasks;
  uint64_t size = 0;        // of all splits
  bool size_known = false;  // of every one of them
};

// `restored`: null for a fresh start. kInvalidState when the source finds another input than the checkpoint's,
// or the source's own error when a split that was begun has changed.
Result<SourcePlan> PlanSource(const StreamNode& node, const SourceCheckpoint* restored, uint32_t parallelism);

}  // namespace spillway::runtime
