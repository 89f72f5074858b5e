// An operator as the runtime sees it: one instance per subtask, without its types.
//
// Made by its node's factory on the job's thread; from Open on everything runs on its subtask's thread. Records come in
// through input(), results leave through main_output() and side_outputs(). A checkpoint calls Snapshot between two
// records, when all that came before the barrier has passed. The scope outlives the operator.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "spillway/status.h"
#include "spillway/stream/operators/input.h"
#include "spillway/stream/operators/output_port.h"
#include "spillway/stream/operators/side_outputs.h"
#include "spillway/stream/runtime_context.h"

namespace spillway {

class KeyedScope;

// The part of a checkpoint that one subtask's operator holds itself, beside its keyed state.
struct OperatorCheckpoint {
  std::map<std::string, std::string> blobs;  // by names of the operator's own
  std::vector<std::string> committables;     // of sinks: sealed, and not known to be committed
};

// What an operator has of its subtask: the user's context, and the runtime's side.
class OperatorScope : public RuntimeContext {
 public:
  // Of a keyed operator's key; empty for all others.
  [[nodiscard]] const std::string& key_schema() const override = 0;
  // Keeps the first error, which ends the job.
  virtual void Fail(Status status) = 0;
  // Set once the subtask has failed or the whole job is ending early: nothing is processed any more. Lives as long as
  // the scope.
  [[nodiscard]] virtual const std::atomic<bool>& stop_flag() const = 0;
  // One blob of the restored checkpoint, from every subtask that wrote one. Empty for a fresh start.
  [[nodiscard]] virtual std::vector<std::string> RestoredBlobs(const std::string& name) const = 0;
  // Keys, timers and states of a keyed operator; null for all others.
  [[nodiscard]] virtual KeyedScope* keyed() = 0;
  // Records that a source read or a sink wrote.
  [[nodiscard]] virtual Counter& records() = 0;
};

class Operator {
 public:
  virtual ~Operator() = default;
  // Null for a source.
  [[nodiscard]] virtual Input* input() { return nullptr; }
  // Null for a sink.
  [[nodiscard]] virtual OutputPortBase* main_output() { return nullptr; }
  [[nodiscard]] SideOutputs& side_outputs() { return side_outputs_; }

  virtual Status Open(OperatorScope& scope) = 0;
  virtual Status Snapshot(uint64_t checkpoint_id, OperatorCheckpoint* out) {
    static_cast<void>(checkpoint_id);
    static_cast<void>(out);
    return {};
  }
  // The checkpoint is durable and its committables are committed. May come late or not at all.
  virtual void CheckpointCompleted(uint64_t checkpoint_id) { static_cast<void>(checkpoint_id); }
  // Not called after a failure.
  virtual Status Close() { return {}; }

 protected:
  // Calls `visit(Input*)` for everybody who reads one of the outputs.
  template <typename Visit>
  void ForEachTarget(Visit visit) {
    if (OutputPortBase* main = main_output()) {
      for (Input* target : main->targets()) visit(target);
    }
    side_outputs_.ForEachTarget(visit);
  }

 private:
  SideOutputs side_outputs_;
};

}  // namespace spillway
