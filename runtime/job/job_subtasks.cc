// How a job's subtasks are made and joined by channels.
#include <algorithm>
#include <utility>

#include "runtime/job/job.h"

namespace spillway::runtime {

namespace {

constexpr size_t kSnapshotThreadsMax = 4;

// What may be in an instance's name.
std::string InstanceName(const std::string& job, const StreamNode& node, uint32_t subtask) {
  std::string name =
      job + "." + std::to_string(node.id) + "-" + node.name.substr(0, 64) + "." + std::to_string(subtask);
  for (char& c : name) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) c = '_';
  }
  return name;
}

}  // namespace

Subtask& Job::SubtaskOf(uint32_t node, uint32_t subtask) const {
  return *subtasks_[plan_.chain_of_node[node]][subtask];
}

KeyedBackendOptions Job::BackendOptions(const StreamNode& node, uint32_t subtask, uint64_t share) const {
  KeyedBackendOptions backend;
  backend.instance = InstanceName(name_, node, subtask);
  backend.max_parallelism = options_.max_parallelism;
  backend.key_groups = KeyGroupsOfSubtask(subtask, options_.max_parallelism, options_.parallelism);
  backend.memory_share_bytes = share;
  backend.config = options_.backend_config;
  backend.local_directories = options_.local_directories;
  backend.storage = store_->backend_storage();
  backend.logger = logger_;
  if (restore_) backend.restore_from = restore_->KeyedState(node, backend.key_groups);
  return backend;
}

void Job::BuildSubtasks(std::vector<std::optional<SourcePlan>> sources) {
  const auto keyed_nodes = static_cast<uint64_t>(
      std::count_if(graph_.nodes.begin(), graph_.nodes.end(), [](const StreamNode& node) { return node.keyed; }));
  const uint64_t instances = keyed_nodes * options_.parallelism;
  const bool limited = options_.memory_budget_bytes > 0 && instances > 0;
  // A share of zero would mean that there is no limit.
  const uint64_t share = limited ? std::max<uint64_t>(options_.memory_budget_bytes / instances, 1) : 0;

  executor_ =
      std::make_unique<SnapshotExecutor>(store_->can_write() ? std::min<size_t>(instances, kSnapshotThreadsMax) : 0);
  coordinator_ = std::make_unique<CheckpointCoordinator>(CheckpointCoordinator::Parts{
      name_, &graph_, &plan_, &options_, store_.get(), executor_.get(), &failure_, &figures_, observer_, logger_});
  start_ = std::make_unique<StartGate>(plan_.chains.size() * options_.parallelism);

  for (uint32_t chain = 0; chain < plan_.chains.size(); ++chain) {
    const StreamNode& head = graph_.nodes[plan_.chains[chain].head()];
    std::vector<std::unique_ptr<Subtask>>& of_chain = subtasks_.emplace_back();
    for (uint32_t subtask = 0; subtask < options_.parallelism; ++subtask) {
      Subtask::Parts parts;
      parts.chain = chain;
      parts.subtask = subtask;
      parts.graph = &graph_;
      parts.plan = &plan_;
      parts.options = &options_;
      parts.restore = restore_ ? &*restore_ : nullptr;
      parts.plugin = plugin_;
      if (head.keyed) parts.backend = BackendOptions(head, subtask, share);
      if (head.source != nullptr) parts.splits = std::move(sources[head.id]->subtasks[subtask]);
      for (const StreamEdge& edge : head.inputs)
        parts.input_channels += ChannelsPerReceiver(edge, options_.parallelism);
      parts.coordinator = coordinator_.get();
      parts.start = start_.get();
      parts.failure = &failure_;
      parts.figures = &figures_;
      of_chain.push_back(std::make_unique<Subtask>(std::move(parts)));
    }
  }
  ConnectSubtasks();
}

void Job::ConnectSubtasks() {
  std::vector<CheckpointedSubtask*> source_subtasks;
  std::vector<CheckpointedSubtask*> all;
  for (const auto& chain : subtasks_) {
    for (const auto& subtask : chain) {
      all.push_back(subtask.get());
      if (subtask->is_source()) source_subtasks.push_back(subtask.get());
    }
  }
  coordinator_->SetSubtasks(std::move(source_subtasks), std::move(all));
  for (const StreamNode& node : graph_.nodes) {
    if (node.inputs.empty() || IsChained(node, node.inputs.front())) continue;
    size_t first_channel = 0;
    for (const StreamEdge& edge : node.inputs) {
      ConnectEdge(node, edge, first_channel);
      first_channel += ChannelsPerReceiver(edge, options_.parallelism);
    }
  }
  failure_.AddListener([this] {
    start_->Cancel();
    for (const auto& chain : subtasks_) {
      for (const auto& subtask : chain) subtask->Cancel();
    }
    coordinator_->Wake();
  });
}

void Job::ConnectEdge(const StreamNode& node, const StreamEdge& edge, size_t first_channel) {
  for (uint32_t sender = 0; sender < options_.parallelism; ++sender) {
    ExchangeTargets targets;
    targets.batch_records_max = options_.batch_records_max;
    targets.max_parallelism = options_.max_parallelism;
    targets.first_target = sender;
    if (edge.exchange == Exchange::kForward) {
      targets.channels.push_back(SubtaskOf(node.id, sender).gate()->sender(first_channel));
    } else {
      for (uint32_t receiver = 0; receiver < options_.parallelism; ++receiver) {
        targets.channels.push_back(SubtaskOf(node.id, receiver).gate()->sender(first_channel + sender));
      }
    }
    SubtaskOf(edge.from, sender).chain().AddWriter(edge.from, edge, std::move(targets));
  }
}

}  // namespace spillway::runtime
