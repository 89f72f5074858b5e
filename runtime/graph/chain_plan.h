// The graph as it is run: operators joined into chains, and the channels between chains.
//
// Pure functions and plain values. A chain is what one thread runs per subtask: a head, fed by a source or by channels,
// and all that can follow it without a queue. Every chain has the job's parallelism.
#pragma once

#include <cstdint>
#include <vector>

#include "spillway/status.h"
#include "spillway/stream/execution_options.h"
#include "spillway/stream/stream_graph.h"

namespace spillway::runtime {

struct Chain {
  std::vector<uint32_t> nodes;  // the head first, everyone behind the one that feeds it
  [[nodiscard]] uint32_t head() const { return nodes.front(); }
};

struct ChainPlan {
  std::vector<Chain> chains;
  std::vector<uint32_t> chain_of_node;
};

// What cannot be run: names that are empty, too long or used twice, no source, options out of their limits.
Status CheckGraph(const StreamGraph& graph, const ExecutionOptions& options);

// True when the edge is a direct call within a chain.
[[nodiscard]] bool IsChained(const StreamNode& node, const StreamEdge& edge);
[[nodiscard]] ChainPlan PlanChains(const StreamGraph& graph);

// How many channels an edge has in each receiving subtask.
[[nodiscard]] uint32_t ChannelsPerReceiver(const StreamEdge& edge, uint32_t parallelism);

}  // namespace spillway::runtime
