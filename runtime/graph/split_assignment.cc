#include "runtime/graph/split_assignment.h"

#include <xxhash.h>

#include <set>
#include <utility>

#include "spillway/stream/operators/user_code.h"

namespace spillway::runtime {

namespace {

constexpr uint64_t kSplitsMax = uint64_t{1} << 24;

uint64_t Fingerprint(const std::vector<SourceSplit>& splits) {
  std::string ids;
  ByteWriter out(&ids);
  for (const SourceSplit& split : splits) out.Framed(split.id);
  return XXH3_64bits(ids.data(), ids.size());
}

Result<std::vector<SourceSplit>> Discover(const StreamNode& node) {
  std::vector<SourceSplit> splits;
  Status status = CallUserCode([&]() -> Status {
    SPILLWAY_ASSIGN_OR_RETURN(splits, node.source->DiscoverSplits());
    return {};
  });
  if (status.ok() && splits.size() > kSplitsMax) {
    status = Status::InvalidArgument(std::to_string(splits.size()) + " splits; a source may have " +
                                     std::to_string(kSplitsMax));
  }
  std::set<std::string_view> ids;
  for (const SourceSplit& split : splits) {
    if (status.ok() && !ids.insert(split.id).second) {
      status = Status::InvalidArgument("two splits are called '" + split.id + "'");
    }
  }
  if (!status.ok()) return status.WithContext("source '" + node.name + "'");
  return splits;
}

}  // namespace

Result<SourcePlan> PlanSource(const StreamNode& node, const SourceCheckpoint* restored, uint32_t parallelism) {
  SPILLWAY_ASSIGN_OR_RETURN(std::vector<SourceSplit> splits, Discover(node));
  const uint64_t fingerprint = Fingerprint(splits);
  if (restored != nullptr && (restored->split_count != splits.size() || restored->fingerprint != fingerprint)) {
    return Status::InvalidState("source '" + node.name + "' finds " + std::to_string(splits.size()) +
                                " splits, the checkpoint was taken over " + std::to_string(restored->split_count) +
                                " of another set; restore with the input that the job was started with");
  }
  SourcePlan plan;
  plan.subtasks.resize(parallelism);
  plan.size_known = true;
  for (SplitAssignment& subtask : plan.subtasks) {
    subtask.split_count = splits.size();
    subtask.fingerprint = fingerprint;
  }
  uint64_t left = 0;
  for (uint64_t i = 0; i < splits.size(); ++i) {
    const std::optional<uint64_t> size = node.source->SplitSize(splits[i]);
    plan.size_known = plan.size_known && size.has_value();
    plan.size += size.value_or(0);
    if (restored != nullptr && restored->finished.Contains(i)) {
      plan.subtasks[0].finished_before_size += size.value_or(0);
      continue;
    }
    NumberedSplit numbered{i, std::move(splits[i]), size.value_or(0)};
    if (restored != nullptr) {
      if (const auto started = restored->started.find(i); started != restored->started.end()) {
        numbered.split.position = started->second;
        const Status status = CallUserCode([&] { return node.source->CheckRestored(numbered.split); });
        SPILLWAY_RETURN_IF_ERROR(status.WithContext("source '" + node.name + "'"));
      }
    }
    plan.subtasks[left++ % parallelism].splits.push_back(std::move(numbered));
  }
  if (restored != nullptr) plan.subtasks[0].finished_before = restored->finished;
  return plan;
}

}  // namespace spillway::runtime
