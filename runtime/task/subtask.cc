#include "runtime/task/subtask.h"

#include <string>
#include <system_error>
#include <utility>

#include "spillway/stream/operators/user_code.h"

namespace spillway::runtime {

Subtask::Subtask(Parts parts)
    : parts_(std::move(parts)),
      figures_(&parts_.figures->AddSubtask()),
      watermarks_(parts_.input_channels),
      aligner_(parts_.input_channels) {
  if (parts_.input_channels > 0) {
    gate_ = std::make_unique<InputGate>(parts_.input_channels, parts_.options->channel_batches_max);
  }
  SubtaskScope::Parts scope;
  scope.subtask = parts_.subtask;
  scope.parallelism = parts_.options->parallelism;
  scope.max_parallelism = parts_.options->max_parallelism;
  scope.restore = parts_.restore;
  scope.figures = parts_.figures;
  scope.stop = &stop_;
  chain_ = std::make_unique<OperatorChain>(*parts_.graph, parts_.plan->chains[parts_.chain], scope);
}

Subtask::~Subtask() {
  Join();
}

Status Subtask::Start() {
  try {
    thread_ = std::thread([this] { Live(); });
    return {};
  } catch (const std::system_error& error) {
    return Status::OutOfMemory(std::string("cannot start a thread: ") + error.what() +
                               "; raise the limit on processes (ulimit -u), or lower the parallelism");
  }
}

void Subtask::Join() {
  if (thread_.joinable()) thread_.join();
}

void Subtask::Cancel() {
  stop_.flag.store(true, std::memory_order_relaxed);
  if (gate_ != nullptr) gate_->Cancel();
  mailbox_.Close();
}

void Subtask::Live() {
  const Status lived = CallUserCode([this]() -> Status {
    SPILLWAY_RETURN_IF_ERROR(Open());
    if (!parts_.start->ArriveAndWait()) {
      // The one who cancelled may not have come to this subtask yet, and End must know that nothing has run.
      stop_.flag.store(true, std::memory_order_relaxed);
      return {};
    }
    if (is_source()) {
      RunSource();
    } else {
      RunInputs();
    }
    return {};
  });
  const bool failed = !lived.ok() || !stop_.failure.ok();
  if (failed) ReportFailure(lived);
  const Status ended = CallUserCode([this] { return End(); });
  if (!ended.ok() && !failed) ReportFailure(ended);
}

// The operator's own error says more than what it led to.
void Subtask::ReportFailure(const Status& status) {
  const Status& cause = stop_.failure.ok() ? status : stop_.failure;
  const std::string& name =
      stop_.failed_operator.empty() ? chain_->head_scope().operator_name() : stop_.failed_operator;
  parts_.failure->ReportSubtask(name, parts_.subtask, parts_.options->parallelism, cause);
}

Status Subtask::Open() {
  if (parts_.splits) chain_->source()->Assign(*std::exchange(parts_.splits, std::nullopt));
  if (parts_.backend) SPILLWAY_RETURN_IF_ERROR(OpenBackend());
  SPILLWAY_RETURN_IF_ERROR(chain_->Open(keyed_.get()));
  UpdateEntries(true);
  return {};
}

Status Subtask::OpenBackend() {
  const spw_key_group_range key_groups = parts_.backend->key_groups;
  SPILLWAY_ASSIGN_OR_RETURN(backend_, KeyedBackend::Open(parts_.plugin, *parts_.backend));
  parts_.backend->restore_from.clear();
  figures_->WatchBackend(backend_.get());
  keyed_ = std::make_unique<KeyedScope>(&backend_->backend(), key_groups);
  return {};
}

Status Subtask::End() {
  const bool early = stopped();
  for (const auto& snapshot : snapshots_) {
    if (early) snapshot->Cancel();
    snapshot->Wait();
  }
  snapshots_.clear();
  if (!early) UpdateEntries(true);
  Status status = early ? Status() : chain_->Close();
  figures_->WatchBackend(nullptr);
  // Iterators and other things of user functions live in the operators, and must go before the backend does.
  chain_.reset();
  keyed_.reset();
  if (backend_ != nullptr) {
    const Status closed = backend_->Close();
    if (status.ok()) status = closed;
    backend_.reset();
  }
  return status;
}

}  // namespace spillway::runtime
