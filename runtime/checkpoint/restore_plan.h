// What every operator of a job gets back from a checkpoint.
//
// Made once, at the start of a run, by checking the manifest against the job: its name, the maximum parallelism and
// key-group function, the backend, and the operators with state, which must be the same by name. Immutable afterwards,
// any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "snapshot/checkpoint_manifest.h"
#include "spillway/status.h"
#include "spillway/stream/execution_options.h"
#include "spillway/stream/operators/split_progress.h"
#include "spillway/stream/stream_graph.h"

namespace spillway::runtime {

class RestorePlan {
 public:
  // `backend`: the name of the plugin that keyed operators will use. Errors name the checkpoint and what differs.
  static Result<RestorePlan> Make(const snapshot::CheckpointManifest& manifest, const std::filesystem::path& directory,
                                  const StreamGraph& graph, const ExecutionOptions& options, const std::string& job,
                                  const std::string& backend);

  [[nodiscard]] uint64_t checkpoint_id() const { return manifest_.checkpoint_id; }
  [[nodiscard]] bool finished() const { return manifest_.finished; }
  // From all subtasks that wrote one.
  [[nodiscard]] std::vector<std::string> Blobs(const StreamNode& node, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> Committables(const StreamNode& node) const;
  Result<SourceCheckpoint> Source(const StreamNode& node) const;
  // Of the key groups that intersect, with file names as the store's backend_storage() knows them.
  [[nodiscard]] std::vector<snapshot::KeyedStateSnapshot> KeyedState(const StreamNode& node,
                                                                     spw_key_group_range key_groups) const;

 private:
  explicit RestorePlan(snapshot::CheckpointManifest manifest) : manifest_(std::move(manifest)) {}

  snapshot::CheckpointManifest manifest_;
};

}  // namespace spillway::runtime
