#include "runtime/graph/chain_plan.h"

#include <set>
#include <string>

namespace spillway::runtime {

namespace {

constexpr size_t kOperatorNameBytesMax = 256;
constexpr uint32_t kParallelismMax = 1024;
constexpr uint32_t kBatchRecordsMax = 1 << 20;
constexpr uint32_t kChannelBatchesMax = 1 << 16;

Status CheckOptions(const ExecutionOptions& options) {
  const auto out_of_range = [](const std::string& what, uint64_t value, uint64_t max) {
    return Status::InvalidArgument(what + " is " + std::to_string(value) + "; it must be 1 to " + std::to_string(max));
  };
  if (options.max_parallelism == 0 || options.max_parallelism > kMaxParallelismLimit) {
    return out_of_range("the maximum parallelism", options.max_parallelism, kMaxParallelismLimit);
  }
  if (options.parallelism == 0 || options.parallelism > kParallelismMax) {
    return out_of_range("the parallelism", options.parallelism, kParallelismMax);
  }
  if (options.parallelism > options.max_parallelism) {
    return Status::InvalidArgument("the parallelism " + std::to_string(options.parallelism) +
                                   " is above the maximum parallelism " + std::to_string(options.max_parallelism) +
                                   " (pipeline.max-parallelism)");
  }
  if (options.batch_records_max == 0 || options.batch_records_max > kBatchRecordsMax) {
    return out_of_range("the number of records per batch", options.batch_records_max, kBatchRecordsMax);
  }
  if (options.channel_batches_max == 0 || options.channel_batches_max > kChannelBatchesMax) {
    return out_of_range("the number of batches per channel", options.channel_batches_max, kChannelBatchesMax);
  }
  if (options.checkpoints.retained_max == 0) {
    return Status::InvalidArgument("at least one checkpoint must be retained (execution.checkpointing.num-retained)");
  }
  if (options.checkpoints.interval.count() < 0 || options.checkpoints.timeout.count() <= 0) {
    return Status::InvalidArgument("the checkpoint interval must not be negative, and the timeout must be positive");
  }
  if (options.checkpoints.directory.empty() && options.checkpoints.interval.count() > 0) {
    return Status::InvalidArgument(
        "a checkpoint interval without a directory for checkpoints; set "
        "execution.checkpointing.dir as well");
  }
  if (options.checkpoints.directory.empty() && options.restore == RestoreMode::kLatest) {
    return Status::InvalidArgument("to restore the latest checkpoint takes execution.checkpointing.dir, to look below");
  }
  return {};
}

}  // namespace

Status CheckGraph(const StreamGraph& graph, const ExecutionOptions& options) {
  SPILLWAY_RETURN_IF_ERROR(graph.error);
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(options));
  std::set<std::string> names;
  bool any_source = false;
  for (const StreamNode& node : graph.nodes) {
    if (node.name.empty() || node.name.size() > kOperatorNameBytesMax) {
      return Status::InvalidArgument("operator " + std::to_string(node.id) + " has a name of " +
                                     std::to_string(node.name.size()) + " bytes; it must have 1 to " +
                                     std::to_string(kOperatorNameBytesMax));
    }
    if (!names.insert(node.name).second) {
      return Status::InvalidArgument("two operators are called '" + node.name +
                                     "'; checkpoints know them by their names, so give each its own");
    }
    any_source = any_source || node.source != nullptr;
  }
  if (!any_source) return Status::InvalidArgument("the job has no source");
  return {};
}

bool IsChained(const StreamNode& node, const StreamEdge& edge) {
  return edge.exchange == Exchange::kForward && node.inputs.size() == 1;
}

ChainPlan PlanChains(const StreamGraph& graph) {
  ChainPlan plan;
  plan.chain_of_node.resize(graph.nodes.size());
  for (const StreamNode& node : graph.nodes) {
    if (!node.inputs.empty() && IsChained(node, node.inputs.front())) {
      plan.chain_of_node[node.id] = plan.chain_of_node[node.inputs.front().from];
      plan.chains[plan.chain_of_node[node.id]].nodes.push_back(node.id);
    } else {
      plan.chain_of_node[node.id] = static_cast<uint32_t>(plan.chains.size());
      plan.chains.push_back({{node.id}});
    }
  }
  return plan;
}

uint32_t ChannelsPerReceiver(const StreamEdge& edge, uint32_t parallelism) {
  return edge.exchange == Exchange::kForward ? 1 : parallelism;
}

}  // namespace spillway::runtime
