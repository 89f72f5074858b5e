#include "runtime/channel/watermark_merger.h"

#include <algorithm>

namespace spillway::runtime {

WatermarkMerger::Change WatermarkMerger::Watermark(size_t channel, int64_t watermark) {
  channels_[channel].watermark = std::max(channels_[channel].watermark, watermark);
  return Merge();
}

WatermarkMerger::Change WatermarkMerger::Idle(size_t channel, bool idle) {
  channels_[channel].idle = idle;
  return Merge();
}

WatermarkMerger::Change WatermarkMerger::Merge() {
  bool any_active = false;
  bool all_ended = true;
  int64_t least = kWatermarkAfterAll;
  int64_t most = kWatermarkBeforeAll;  // of those that have not ended
  for (const Channel& channel : channels_) {
    const bool ended = channel.watermark == kWatermarkAfterAll;
    all_ended = all_ended && ended;
    if (!ended) most = std::max(most, channel.watermark);
    if (ended || channel.idle) continue;
    any_active = true;
    least = std::min(least, channel.watermark);
  }
  Change change;
  if (const bool idle = !any_active && !all_ended; idle != idle_) {
    idle_ = idle;
    change.idle = idle;
  }
  // When nobody is active, those that are behind hold nobody back any more.
  const int64_t now = any_active || all_ended ? least : most;
  if (now > merged_) {
    merged_ = now;
    change.watermark = now;
  }
  return change;
}

}  // namespace spillway::runtime
