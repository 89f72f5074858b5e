// A subtask: one chain of operators on one thread, from its open to its end.
//
// A record comes from the source or through the gate, goes down the chain, and ends in a sink or in a writer to other
// subtasks. Barriers and watermarks take the same way. Start and Join belong to the job's thread; the
// CheckpointedSubtask side and Cancel may be called from any thread; all else happens on the subtask's own thread:
// subtask.cc is its life, subtask_loops.cc what it does all the time, subtask_checkpoint.cc what it does at a barrier.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/channel/barrier_aligner.h"
#include "runtime/channel/input_gate.h"
#include "runtime/channel/watermark_merger.h"
#include "runtime/checkpoint/coordinator.h"
#include "runtime/state/keyed_backend.h"
#include "runtime/task/mailbox.h"
#include "runtime/task/operator_chain.h"
#include "runtime/task/start_gate.h"
#include "spillway/stream/operators/keyed_scope.h"

namespace spillway::runtime {

class Subtask final : public CheckpointedSubtask {
 public:
  struct Parts {
    uint32_t chain = 0;
    uint32_t subtask = 0;
    const StreamGraph* graph = nullptr;
    const ChainPlan* plan = nullptr;
    const ExecutionOptions* options = nullptr;
    const RestorePlan* restore = nullptr;        // null for a fresh start
    std::shared_ptr<const Plugin> plugin;        // of keyed subtasks
    std::optional<KeyedBackendOptions> backend;  // of keyed subtasks
    std::optional<SplitAssignment> splits;       // of sources
    size_t input_channels = 0;                   // 0 for sources
    CheckpointCoordinator* coordinator = nullptr;
    StartGate* start = nullptr;
    JobFailure* failure = nullptr;
    JobFigures* figures = nullptr;
  };

  explicit Subtask(Parts parts);
  ~Subtask() override;

  [[nodiscard]] OperatorChain& chain() { return *chain_; }
  // Null for sources.
  [[nodiscard]] InputGate* gate() { return gate_.get(); }
  [[nodiscard]] bool is_source() const { return gate_ == nullptr; }

  // On an error there is no thread.
  Status Start();
  void Join();
  // The job is ending: everything that waits returns.
  void Cancel();

  void Trigger(const Barrier& barrier) override;
  void NoteCompleted(uint64_t checkpoint_id) override;
  void NoteAborted(uint64_t checkpoint_id) override;
  void NoteSubsumed(uint64_t checkpoint_id) override;

 private:
  using Clock = std::chrono::steady_clock;

  // Its life.
  void Live();
  Status Open();
  Status OpenBackend();
  Status End();
  void ReportFailure(const Status& status);
  [[nodiscard]] bool stopped() const { return stop_.flag.load(std::memory_order_relaxed); }

  // What it does all the time. True: go on; false: the last barrier has passed.
  void RunSource();
  bool TakeSourceMail();
  void FinishSource();
  void RunInputs();
  bool ProcessElement(StreamElement element, size_t channel);
  void ApplyWatermark(const WatermarkMerger::Change& change);
  void TakeNotices();
  void AfterBatch(bool waiting);
  void UpdateEntries(bool now);

  // At a barrier.
  void Checkpoint(const Barrier& barrier);
  Status TakeSnapshot(const Barrier& barrier, SubtaskReport* report, plugin::Snapshot* snapshot);
  void WriteInBackground(const Barrier& barrier, SubtaskReport report, plugin::Snapshot snapshot);
  [[nodiscard]] std::string SnapshotPrefix(uint64_t checkpoint_id) const;

  Parts parts_;
  SubtaskStop stop_;
  SubtaskFigures* figures_;
  std::unique_ptr<InputGate> gate_;
  Mailbox mailbox_;
  WatermarkMerger watermarks_;
  BarrierAligner aligner_;
  size_t inputs_ended_ = 0;
  bool source_finished_ = false;
  Clock::time_point entries_due_{};

  // Declared so that they end in this order: writing snapshots, then operators, keyed scope, backend.
  std::unique_ptr<KeyedBackend> backend_;
  std::unique_ptr<KeyedScope> keyed_;
  std::unique_ptr<OperatorChain> chain_;
  std::vector<std::shared_ptr<SnapshotTask>> snapshots_;
  std::thread thread_;
};

}  // namespace spillway::runtime
