// The operators of one subtask, joined, and the writers at its end.
//
// Built on the job's thread, then used on the subtask's thread only. Owns operators, scopes and writers; channels and
// figures outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/graph/chain_plan.h"
#include "runtime/task/subtask_scope.h"
#include "spillway/stream/operators/exchange_writer.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/operators/source_operator.h"
#include "spillway/stream/stream_graph.h"

namespace spillway::runtime {

class OperatorChain {
 public:
  // Makes the operators of `chain` and joins them; `scope` holds what they all share.
  OperatorChain(const StreamGraph& graph, const Chain& chain, const SubtaskScope::Parts& scope);
  OperatorChain(const OperatorChain&) = delete;
  OperatorChain& operator=(const OperatorChain&) = delete;

  // Lets operator `from` of this chain feed another chain.
  void AddWriter(uint32_t from, const StreamEdge& edge, ExchangeTargets targets);

  // Opens the ends before the head, so that whoever emits finds everybody ready.
  Status Open(KeyedScope* keyed);
  Status Close();
  Status Snapshot(uint64_t checkpoint_id, std::map<uint32_t, OperatorCheckpoint>* out);
  void CheckpointCompleted(uint64_t checkpoint_id);
  void SendBarrier(const Barrier& barrier);

  // Null where the chain begins with a source.
  [[nodiscard]] Input* head_input() const { return links_.front().op->input(); }
  // Null where it does not.
  [[nodiscard]] SourceOperatorBase* source() const { return source_; }
  [[nodiscard]] SubtaskScope& head_scope() const { return *links_.front().scope; }

 private:
  struct Link {
    std::unique_ptr<SubtaskScope> scope;
    std::unique_ptr<Operator> op;
  };
  [[nodiscard]] Link& LinkOf(uint32_t node);
  // Fails the operator's scope when the status is an error, and gives it back.
  static Status Note(const Link& link, Status status);

  std::vector<Link> links_;
  std::vector<std::unique_ptr<ExchangeWriter>> writers_;
  SourceOperatorBase* source_ = nullptr;
};

}  // namespace spillway::runtime
