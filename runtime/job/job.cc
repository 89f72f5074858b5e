#include "runtime/job/job.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "runtime/checkpoint/manifest_parts.h"
#include "runtime/job/job_control_state.h"
#include "runtime/plugin/loader.h"
#include "spillway/stream/operators/user_code.h"

namespace spillway::runtime {

namespace {

constexpr size_t kJobNameBytesMax = 128;

}  // namespace

Job::Job(const StreamGraph& graph, const ExecutionOptions& options, std::string name, JobObserver* observer)
    : graph_(graph),
      options_(options),
      name_(std::move(name)),
      observer_(observer),
      logger_(spdlog::default_logger()),
      figures_(options.memory_budget_bytes) {}

Job::~Job() = default;

Result<JobResult> Job::Run(JobControl* control) {
  SPILLWAY_RETURN_IF_ERROR(Prepare());
  JobResult result;
  if (restore_ && restore_->finished()) {
    SPILLWAY_RETURN_IF_ERROR(StartSinks());
    result.outcome = JobOutcome::kAlreadyFinished;
    result.figures = Progress();
    return result;
  }
  std::vector<std::optional<SourcePlan>> sources;
  SPILLWAY_RETURN_IF_ERROR(PlanSources(&sources));
  SPILLWAY_RETURN_IF_ERROR(StartSinks());
  BuildSubtasks(std::move(sources));
  Attach(control);
  const Result<JobOutcome> outcome = RunSubtasks();
  Detach(control);
  if (!outcome.ok()) return outcome.status();
  result.outcome = *outcome;
  result.figures = Progress();
  return result;
}

Status Job::Prepare() {
  SPILLWAY_RETURN_IF_ERROR(CheckName());
  SPILLWAY_RETURN_IF_ERROR(CheckGraph(graph_, options_));
  plan_ = PlanChains(graph_);
  SPILLWAY_RETURN_IF_ERROR(LoadBackend());
  SPILLWAY_RETURN_IF_ERROR(CheckDirectories());
  SPILLWAY_ASSIGN_OR_RETURN(store_, CheckpointStore::Open(options_, name_, logger_));
  return PlanRestore();
}

Status Job::CheckName() const {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name_.empty() || name_.size() > kJobNameBytesMax || name_.front() == '.' ||
      !std::all_of(name_.begin(), name_.end(), allowed)) {
    return Status::InvalidArgument("'" + name_ + "' cannot name a job: 1 to " + std::to_string(kJobNameBytesMax) +
                                   " of the characters A-Z a-z 0-9 . _ -, not beginning with a dot");
  }
  return {};
}

Status Job::LoadBackend() {
  const bool keyed = std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [](const auto& node) { return node.keyed; });
  if (!keyed) return {};
  SPILLWAY_ASSIGN_OR_RETURN(plugin_, LoadPlugin(options_.backend));
  const bool snapshots = !options_.checkpoints.directory.empty() || options_.restore != RestoreMode::kNone;
  if (snapshots && !plugin_->Has(SPW_CAP_SNAPSHOT_FULL)) {
    return Status::Unsupported("backend '" + std::string(plugin_->name()) +
                               "' cannot take snapshots; run without checkpoints, or choose another backend");
  }
  return {};
}

Status Job::CheckDirectories() const {
  if (plugin_ == nullptr) return {};
  for (const std::filesystem::path& directory : options_.local_directories) {
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) continue;
    return Status::NotFound("the directory for local files " + directory.string() + " does not exist" +
                            (error ? ": " + error.message() : std::string()) + "; make it, or name another one");
  }
  return {};
}

Status Job::PlanRestore() {
  if (!store_->restored()) {
    if (options_.restore == RestoreMode::kLatest && observer_ != nullptr) {
      observer_->OnNothingToRestore(options_.checkpoints.directory);
    }
    return {};
  }
  const snapshot::CompletedCheckpoint& from = *store_->restored();
  const std::string backend = plugin_ == nullptr ? std::string() : std::string(plugin_->name());
  SPILLWAY_ASSIGN_OR_RETURN(restore_,
                            RestorePlan::Make(from.manifest, from.directory, graph_, options_, name_, backend));
  const RestoredFrom restored{from.manifest.checkpoint_id, from.directory, from.manifest.finished};
  figures_.SetRestored(restored);
  if (observer_ != nullptr) observer_->OnRestored(restored);
  return {};
}

Status Job::StartSinks() {
  const auto of_all_sinks = [this](auto step) -> Status {
    for (const StreamNode& node : graph_.nodes) {
      if (node.sink == nullptr) continue;
      std::optional<uint64_t> checkpoint;
      std::vector<std::string> committables;
      if (restore_) {
        checkpoint = restore_->checkpoint_id();
        committables = restore_->Committables(node);
      }
      const Status status = CallUserCode([&] { return ((*node.sink).*step)(checkpoint, committables); });
      SPILLWAY_RETURN_IF_ERROR(status.WithContext("sink '" + node.name + "'"));
    }
    return {};
  };
  // All are asked before any of them changes something.
  SPILLWAY_RETURN_IF_ERROR(of_all_sinks(&SinkHandle::Prepare));
  return of_all_sinks(&SinkHandle::Start);
}

Status Job::PlanSources(std::vector<std::optional<SourcePlan>>* plans) {
  plans->resize(graph_.nodes.size());
  uint64_t size = 0;
  bool size_known = true;
  for (const StreamNode& node : graph_.nodes) {
    if (node.source == nullptr) continue;
    SourceCheckpoint checkpoint;
    if (restore_) {
      SPILLWAY_ASSIGN_OR_RETURN(checkpoint, restore_->Source(node));
    }
    SPILLWAY_ASSIGN_OR_RETURN(SourcePlan plan,
                              PlanSource(node, restore_ ? &checkpoint : nullptr, options_.parallelism));
    size += plan.size;
    size_known = size_known && plan.size_known;
    (*plans)[node.id] = std::move(plan);
  }
  figures_.SetSourceTotal(size_known ? std::optional<uint64_t>(size) : std::nullopt);
  return {};
}

Result<JobOutcome> Job::RunSubtasks() {
  figures_.Started();
  // Those that have a thread wait at the gate, which a failure lifts.
  if (const Status started = StartSubtasks(); !started.ok()) failure_.Report(started);
  Result<JobOutcome> outcome = Status::Cancelled("the job did not start");
  if (start_->Wait()) {
    // Whatever an observer throws, the subtasks must be ended and joined.
    const Status status = CallUserCode([&]() -> Status {
      if (observer_ != nullptr) observer_->OnRunning();
      outcome = coordinator_->Run();
      return outcome.status();
    });
    if (!status.ok()) outcome = status;
  }
  if (!outcome.ok()) failure_.Report(outcome.status());
  for (const auto& chain : subtasks_) {
    for (const auto& subtask : chain) subtask->Join();
  }
  figures_.Ended();
  if (failure_.reported()) {
    coordinator_->CleanUp();
    return failure_.cause();
  }
  return outcome;
}

Status Job::StartSubtasks() {
  for (const auto& chain : subtasks_) {
    for (const auto& subtask : chain) SPILLWAY_RETURN_IF_ERROR(subtask->Start());
  }
  return {};
}

void Job::RequestStop() {
  coordinator_->RequestStop();
}

void Job::RequestCancel() {
  failure_.Report(Status::Cancelled("the job was cancelled"));
}

void Job::Attach(JobControl* control) {
  if (control == nullptr) return;
  JobControl::Shared& shared = *control->shared_;
  const std::lock_guard lock(shared.mutex);
  shared.job = this;
  if (shared.stop_requested) RequestStop();
  if (shared.cancel_requested) RequestCancel();
}

void Job::Detach(JobControl* control) {
  if (control == nullptr) return;
  JobControl::Shared& shared = *control->shared_;
  const std::lock_guard lock(shared.mutex);
  shared.job = nullptr;
  shared.last = Progress();
}

}  // namespace spillway::runtime
