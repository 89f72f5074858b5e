// The watermark of a subtask with several inputs: the least one of those that are not idle.
//
// Belongs to the reading subtask's thread. The merged watermark never goes back; when every input is idle it is the
// greatest of theirs, as in Flink, and the subtask is idle itself.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "spillway/stream/event_time.h"

namespace spillway::runtime {

class WatermarkMerger {
 public:
  struct Change {
    std::optional<bool> idle;          // to be told first when it is false, last when it is true
    std::optional<int64_t> watermark;  // the new one
  };

  explicit WatermarkMerger(size_t channels) : channels_(channels) {}

  Change Watermark(size_t channel, int64_t watermark);
  Change Idle(size_t channel, bool idle);

 private:
  struct Channel {
    int64_t watermark = kWatermarkBeforeAll;
    bool idle = false;
  };
  Change Merge();

  std::vector<Channel> channels_;
  int64_t merged_ = kWatermarkBeforeAll;
  bool idle_ = false;
};

}  // namespace spillway::runtime
