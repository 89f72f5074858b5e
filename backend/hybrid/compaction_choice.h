// Which adjacent runs of a table to merge: tiered, so that each entry is rewritten about once per tier. A pure
// function.
//
// The cheapest window of half of the runs that are allowed, made longer towards older and newer ones as long as these
// are not larger than all that is in it: runs of one size are merged together, large ones are left alone until there is
// as much beside them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "backend/hybrid/spilled_table.h"

namespace spillway::hybrid {

inline constexpr uint64_t kCompactionBytesMax = 64 << 20;  // of one job, about
inline constexpr size_t kFanInMax = 8;

struct CompactionChoice {
  size_t begin = 0;  // [begin, end) of the runs, newest first
  size_t end = 0;
  uint64_t bytes = 0;
};

[[nodiscard]] inline CompactionChoice ChooseRuns(const RunList& runs, uint32_t max_runs) {
  const auto bytes_of = [&](size_t i) { return runs[i].file->sections()[runs[i].section].stored_bytes; };
  const size_t window = std::clamp<size_t>(max_runs / 2, 2, std::min(kFanInMax, runs.size()));
  CompactionChoice best;
  for (size_t begin = 0; begin + window <= runs.size(); ++begin) {
    CompactionChoice choice{begin, begin + window, 0};
    for (size_t i = choice.begin; i < choice.end; ++i) choice.bytes += bytes_of(i);
    if (best.end == 0 || choice.bytes < best.bytes) best = choice;
  }
  while (best.end - best.begin < kFanInMax) {
    if (best.end < runs.size() && bytes_of(best.end) <= best.bytes) {
      best.bytes += bytes_of(best.end++);
    } else if (best.begin > 0 && bytes_of(best.begin - 1) <= best.bytes) {
      best.bytes += bytes_of(--best.begin);
    } else {
      break;
    }
  }
  return best;
}

}  // namespace spillway::hybrid
