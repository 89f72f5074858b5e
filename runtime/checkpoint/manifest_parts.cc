#include "runtime/checkpoint/manifest_parts.h"

namespace spillway::runtime {

bool HasState(const StreamNode& node) {
  return node.source != nullptr || node.sink != nullptr || node.keyed;
}

snapshot::OperatorSnapshot ToManifest(const StreamNode& node, bool head, const std::vector<SubtaskReport>& reports) {
  snapshot::OperatorSnapshot entry;
  entry.uid = node.name;
  for (const SubtaskReport& report : reports) {
    snapshot::SubtaskSnapshot subtask;
    if (head) subtask.keyed_state = report.keyed_state;
    if (const auto found = report.operators.find(node.id); found != report.operators.end()) {
      for (const auto& [name, blob] : found->second.blobs) subtask.operator_state[name] = {blob};
      if (!found->second.committables.empty()) {
        subtask.operator_state[kCommittablesState] = found->second.committables;
      }
    }
    entry.subtasks.push_back(std::move(subtask));
  }
  return entry;
}

std::vector<std::string> BlobsOf(const snapshot::OperatorSnapshot& entry, const std::string& name) {
  std::vector<std::string> blobs;
  for (const snapshot::SubtaskSnapshot& subtask : entry.subtasks) {
    const auto found = subtask.operator_state.find(name);
    if (found == subtask.operator_state.end()) continue;
    blobs.insert(blobs.end(), found->second.begin(), found->second.end());
  }
  return blobs;
}

}  // namespace spillway::runtime
