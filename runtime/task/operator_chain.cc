#include "runtime/task/operator_chain.h"

#include <utility>

#include "spillway/stream/operators/user_code.h"

namespace spillway::runtime {

OperatorChain::OperatorChain(const StreamGraph& graph, const Chain& chain, const SubtaskScope::Parts& scope) {
  for (const uint32_t id : chain.nodes) {
    const StreamNode& node = graph.nodes[id];
    SubtaskScope::Parts parts = scope;
    parts.node = &node;
    links_.push_back({std::make_unique<SubtaskScope>(parts), node.make_operator()});
    if (id != chain.head())
      node.inputs.front().connect(*LinkOf(node.inputs.front().from).op, links_.back().op->input());
  }
  if (graph.nodes[chain.head()].source != nullptr) {
    source_ = static_cast<SourceOperatorBase*>(links_.front().op.get());
  }
}

OperatorChain::Link& OperatorChain::LinkOf(uint32_t node) {
  size_t i = 0;
  while (links_[i].scope->node().id != node) ++i;
  return links_[i];
}

void OperatorChain::AddWriter(uint32_t from, const StreamEdge& edge, ExchangeTargets targets) {
  Link& link = LinkOf(from);
  targets.scope = link.scope.get();
  writers_.push_back(edge.make_writer(std::move(targets)));
  edge.connect(*link.op, writers_.back()->input());
}

Status OperatorChain::Note(const Link& link, Status status) {
  if (!status.ok()) link.scope->Fail(status);
  return status;
}

Status OperatorChain::Open(KeyedScope* keyed) {
  links_.front().scope->SetKeyed(keyed);
  // The ends first: an operator may emit as soon as it is open.
  for (size_t i = links_.size(); i-- > 0;) {
    const Link& link = links_[i];
    SPILLWAY_RETURN_IF_ERROR(Note(link, CallUserCode([&] { return link.op->Open(*link.scope); })));
  }
  return {};
}

Status OperatorChain::Close() {
  for (const Link& link : links_) {
    SPILLWAY_RETURN_IF_ERROR(Note(link, CallUserCode([&] { return link.op->Close(); })));
  }
  return {};
}

Status OperatorChain::Snapshot(uint64_t checkpoint_id, std::map<uint32_t, OperatorCheckpoint>* out) {
  for (const Link& link : links_) {
    OperatorCheckpoint& part = (*out)[link.scope->node().id];
    const Status status = CallUserCode([&] { return link.op->Snapshot(checkpoint_id, &part); });
    SPILLWAY_RETURN_IF_ERROR(Note(link, status.WithContext("taking checkpoint " + std::to_string(checkpoint_id))));
  }
  return {};
}

void OperatorChain::CheckpointCompleted(uint64_t checkpoint_id) {
  for (const Link& link : links_) link.op->CheckpointCompleted(checkpoint_id);
}

void OperatorChain::SendBarrier(const Barrier& barrier) {
  for (const auto& writer : writers_) writer->SendBarrier(barrier);
}

}  // namespace spillway::runtime
