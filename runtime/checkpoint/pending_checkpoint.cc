#include "runtime/checkpoint/pending_checkpoint.h"

#include <utility>

namespace spillway::runtime {

PendingCheckpoint::PendingCheckpoint(Barrier barrier, size_t chains, uint32_t parallelism)
    : barrier_(barrier),
      begun_(Clock::now()),
      timestamp_ms_(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()),
      reports_(chains, std::vector<std::optional<SubtaskReport>>(parallelism)),
      missing_(chains * parallelism) {}

void PendingCheckpoint::Report(uint32_t chain, uint32_t subtask, SubtaskReport report) {
  std::optional<SubtaskReport>& place = reports_[chain][subtask];
  if (place.has_value()) return;
  place = std::move(report);
  --missing_;
}

void PendingCheckpoint::Decline(Status why) {
  if (declined_.ok()) declined_ = std::move(why);
}

std::vector<std::vector<SubtaskReport>> PendingCheckpoint::TakeReports() {
  std::vector<std::vector<SubtaskReport>> taken;
  for (std::vector<std::optional<SubtaskReport>>& chain : reports_) {
    std::vector<SubtaskReport>& of_chain = taken.emplace_back();
    for (std::optional<SubtaskReport>& report : chain) of_chain.push_back(std::move(*report));
  }
  return taken;
}

}  // namespace spillway::runtime
