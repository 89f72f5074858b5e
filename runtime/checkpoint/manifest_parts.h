// Between what subtasks report and what a manifest holds.
//
// Plain values and pure functions, any thread. A manifest has an entry for every operator with state of its own:
// sources, keyed operators and sinks.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "snapshot/checkpoint_manifest.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/stream_graph.h"

namespace spillway::runtime {

inline constexpr const char* kCommittablesState = "committables";

// What one subtask of a chain reports of a checkpoint.
struct SubtaskReport {
  std::map<uint32_t, OperatorCheckpoint> operators;         // by node
  std::optional<snapshot::KeyedStateSnapshot> keyed_state;  // of the chain's head
  std::chrono::microseconds pause{0};                       // for taking keyed state
  std::chrono::microseconds seal{0};                        // for everything else
};

[[nodiscard]] bool HasState(const StreamNode& node);

// `reports`: of every subtask of the node's chain. `head`: whether the node is that chain's head.
[[nodiscard]] snapshot::OperatorSnapshot ToManifest(const StreamNode& node, bool head,
                                                    const std::vector<SubtaskReport>& reports);

// All blobs of that name over all subtasks.
[[nodiscard]] std::vector<std::string> BlobsOf(const snapshot::OperatorSnapshot& entry, const std::string& name);

}  // namespace spillway::runtime
