#include "runtime/checkpoint/restore_plan.h"

#include <utility>

#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/checkpoint/manifest_parts.h"
#include "spillway/key_groups.h"

namespace spillway::runtime {

namespace {

Status CheckJob(const snapshot::CheckpointManifest& manifest, const ExecutionOptions& options, const std::string& job) {
  if (manifest.job != job) {
    return Status::InvalidArgument("it is of job '" + manifest.job + "', not of '" + job + "'");
  }
  if (manifest.max_parallelism != options.max_parallelism) {
    return Status::InvalidArgument("it was taken with a maximum parallelism of " +
                                   std::to_string(manifest.max_parallelism) + ", and the job has " +
                                   std::to_string(options.max_parallelism) +
                                   "; set pipeline.max-parallelism to the former, it cannot change");
  }
  if (manifest.key_group_function != kKeyGroupFunction) {
    return Status::InvalidArgument("its key groups are by '" + manifest.key_group_function + "', this program's by '" +
                                   std::string(kKeyGroupFunction) + "'");
  }
  return {};
}

Status CheckOperators(const snapshot::CheckpointManifest& manifest, const StreamGraph& graph,
                      const std::string& backend) {
  for (const snapshot::OperatorSnapshot& entry : manifest.operators) {
    const StreamNode* found = nullptr;
    for (const StreamNode& node : graph.nodes) {
      if (node.name == entry.uid && HasState(node)) found = &node;
    }
    if (found == nullptr) {
      return Status::InvalidArgument("it holds state of operator '" + entry.uid + "', which the job does not have");
    }
    for (const snapshot::SubtaskSnapshot& subtask : entry.subtasks) {
      if (subtask.keyed_state.has_value() && !found->keyed) {
        return Status::InvalidArgument("it holds keyed state of operator '" + entry.uid + "', which has no key");
      }
      if (subtask.keyed_state.has_value() && subtask.keyed_state->backend != backend) {
        return Status::InvalidArgument("its keyed state was written by backend '" + subtask.keyed_state->backend +
                                       "', the job runs on '" + backend + "'; choose the former (state.backend.type)");
      }
    }
  }
  for (const StreamNode& node : graph.nodes) {
    if (HasState(node) && manifest.FindOperator(node.name) == nullptr) {
      return Status::InvalidArgument("it holds nothing of the job's operator '" + node.name + "'");
    }
  }
  return {};
}

}  // namespace

Result<RestorePlan> RestorePlan::Make(const snapshot::CheckpointManifest& manifest,
                                      const std::filesystem::path& directory, const StreamGraph& graph,
                                      const ExecutionOptions& options, const std::string& job,
                                      const std::string& backend) {
  Status status = CheckJob(manifest, options, job);
  if (status.ok()) status = CheckOperators(manifest, graph, backend);
  if (!status.ok()) return status.WithContext("checkpoint " + directory.string() + " cannot be restored");
  return RestorePlan(manifest);
}

std::vector<std::string> RestorePlan::Blobs(const StreamNode& node, const std::string& name) const {
  const snapshot::OperatorSnapshot* entry = manifest_.FindOperator(node.name);
  return entry == nullptr ? std::vector<std::string>() : BlobsOf(*entry, name);
}

std::vector<std::string> RestorePlan::Committables(const StreamNode& node) const {
  return Blobs(node, kCommittablesState);
}

Result<SourceCheckpoint> RestorePlan::Source(const StreamNode& node) const {
  SourceCheckpoint checkpoint;
  for (const std::string& blob : Blobs(node, kSplitsBlob)) {
    SPILLWAY_RETURN_IF_ERROR(DecodeSourceCheckpoint(blob, &checkpoint).WithContext("source '" + node.name + "'"));
  }
  return checkpoint;
}

std::vector<snapshot::KeyedStateSnapshot> RestorePlan::KeyedState(const StreamNode& node,
                                                                  spw_key_group_range key_groups) const {
  std::vector<snapshot::KeyedStateSnapshot> parts;
  const snapshot::OperatorSnapshot* entry = manifest_.FindOperator(node.name);
  if (entry == nullptr) return parts;
  for (const snapshot::SubtaskSnapshot& subtask : entry->subtasks) {
    if (!subtask.keyed_state) continue;
    const spw_key_group_range range = subtask.keyed_state->key_groups;
    if (range.last < key_groups.first || range.first > key_groups.last) continue;
    parts.push_back(*subtask.keyed_state);
    for (snapshot::StoredFile& file : parts.back().files) {
      file.name = std::string(CheckpointStore::kRestoredMount) + "/" + file.name;
    }
  }
  return parts;
}

}  // namespace spillway::runtime
