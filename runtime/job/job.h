// One run of a job, from checking it to the end of its last thread.
//
// Run belongs to the thread that called Execute, which becomes the coordinator's. RequestStop, RequestCancel and
// Progress are for any thread while Run lasts. Owns everything that the run consists of; nothing outlives Run.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/checkpoint/coordinator.h"
#include "runtime/checkpoint/restore_plan.h"
#include "runtime/checkpoint/snapshot_executor.h"
#include "runtime/graph/chain_plan.h"
#include "runtime/graph/split_assignment.h"
#include "runtime/job/job_failure.h"
#include "runtime/job/job_figures.h"
#include "runtime/plugin/plugin.h"
#include "runtime/task/start_gate.h"
#include "runtime/task/subtask.h"
#include "spillway/stream/job_control.h"

namespace spillway::runtime {

class Job {
 public:
  Job(const StreamGraph& graph, const ExecutionOptions& options, std::string name, JobObserver* observer);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job();

  // `control` may be null.
  Result<JobResult> Run(JobControl* control);

  void RequestStop();
  void RequestCancel();
  [[nodiscard]] JobProgress Progress() const { return figures_.Read(); }

 private:
  // Before anything runs.
  Status Prepare();
  Status CheckName() const;
  Status CheckDirectories() const;
  Status LoadBackend();
  Status PlanRestore();
  Status StartSinks();
  Status PlanSources(std::vector<std::optional<SourcePlan>>* plans);
  // The subtasks and their channels.
  void BuildSubtasks(std::vector<std::optional<SourcePlan>> sources);
  [[nodiscard]] KeyedBackendOptions BackendOptions(const StreamNode& node, uint32_t subtask, uint64_t share) const;
  void ConnectSubtasks();
  void ConnectEdge(const StreamNode& node, const StreamEdge& edge, size_t first_channel);
  // All that runs.
  Result<JobOutcome> RunSubtasks();
  Status StartSubtasks();
  void Attach(JobControl* control);
  void Detach(JobControl* control);
  [[nodiscard]] Subtask& SubtaskOf(uint32_t node, uint32_t subtask) const;

  const StreamGraph& graph_;
  const ExecutionOptions& options_;
  const std::string name_;
  JobObserver* const observer_;
  const std::shared_ptr<spdlog::logger> logger_;
  JobFigures figures_;
  JobFailure failure_;
  ChainPlan plan_;
  std::shared_ptr<const Plugin> plugin_;  // null when nothing is keyed
  std::unique_ptr<CheckpointStore> store_;
  std::optional<RestorePlan> restore_;
  std::unique_ptr<SnapshotExecutor> executor_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
  std::unique_ptr<StartGate> start_;
  std::vector<std::vector<std::unique_ptr<Subtask>>> subtasks_;  // by chain
};

}  // namespace spillway::runtime
