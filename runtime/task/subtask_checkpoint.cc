// What a subtask does at a barrier: seal, take the state, pass the barrier on, and write in the background.
#include <algorithm>
#include <utility>

#include "runtime/task/subtask.h"
#include "spillway/plugin/error.h"
#include "spillway/plugin_status.h"

namespace spillway::runtime {

namespace {

std::chrono::microseconds Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

// As much of a name as may be in a file's name.
std::string FileNamePart(const std::string& name) {
  constexpr size_t kBytesMax = 64;
  std::string part = name.substr(0, kBytesMax);
  for (char& c : part) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!allowed) c = '_';
  }
  return part;
}

}  // namespace

void Subtask::Checkpoint(const Barrier& barrier) {
  if (stopped()) return;
  if (!parts_.coordinator->IsPending(barrier.checkpoint_id)) {
    // Given up already: what would be sealed now goes into the next one.
    chain_->SendBarrier(barrier);
    return;
  }
  SubtaskReport report;
  plugin::Snapshot snapshot;
  const Clock::time_point begun = Clock::now();
  if (!chain_->Snapshot(barrier.checkpoint_id, &report.operators).ok()) return;  // the job fails of it
  report.seal = Since(begun);
  const Status taken = TakeSnapshot(barrier, &report, &snapshot);
  chain_->SendBarrier(barrier);
  if (!taken.ok()) {
    parts_.coordinator->Decline(barrier.checkpoint_id,
                                taken.WithContext("operator '" + chain_->head_scope().operator_name() + "', subtask " +
                                                  std::to_string(parts_.subtask + 1)));
  } else if (snapshot) {
    WriteInBackground(barrier, std::move(report), std::move(snapshot));
  } else {
    parts_.coordinator->Acknowledge(barrier.checkpoint_id, parts_.chain, parts_.subtask, std::move(report));
  }
}

Status Subtask::TakeSnapshot(const Barrier& barrier, SubtaskReport* report, plugin::Snapshot* snapshot) {
  if (backend_ == nullptr || !parts_.coordinator->keeps_state()) return {};
  const std::string prefix = SnapshotPrefix(barrier.checkpoint_id);
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.checkpoint_id = barrier.checkpoint_id;
  options.name_prefix = prefix.c_str();
  plugin::Error err;
  const Clock::time_point begun = Clock::now();
  const spw_code code = backend_->backend().SnapshotBegin(options, snapshot, err);
  report->pause = Since(begun);
  parts_.figures->CheckpointPaused(report->pause);
  SPILLWAY_RETURN_IF_ERROR(StatusOf(code, err));
  if (!*snapshot) return Status::Internal("the backend began a snapshot without a handle");
  return {};
}

std::string Subtask::SnapshotPrefix(uint64_t checkpoint_id) const {
  const StreamNode& node = chain_->head_scope().node();
  return snapshot::CheckpointDirectoryName(checkpoint_id) + "/" + std::to_string(node.id) + "-" +
         FileNamePart(node.name) + "-" + std::to_string(parts_.subtask) + "-";
}

void Subtask::WriteInBackground(const Barrier& barrier, SubtaskReport report, plugin::Snapshot snapshot) {
  std::erase_if(snapshots_, [](const std::shared_ptr<SnapshotTask>& task) { return task->finished(); });
  const std::string directory = snapshot::CheckpointDirectoryName(barrier.checkpoint_id) + "/";
  auto done = [coordinator = parts_.coordinator, barrier, directory, chain = parts_.chain, subtask = parts_.subtask,
               key_groups = keyed_->key_groups(), backend = std::string(backend_->plugin_name()),
               name = chain_->head_scope().operator_name(),
               report = std::move(report)](Result<snapshot::KeyedStateSnapshot> written) mutable {
    if (!written.ok()) {
      coordinator->Decline(barrier.checkpoint_id,
                           written.status().WithContext("operator '" + name + "', subtask " +
                                                        std::to_string(subtask + 1) + ", writing its keyed state"));
      return;
    }
    written->key_groups = key_groups;
    written->backend = backend;
    // The manifest names files within the checkpoint's own directory.
    for (snapshot::StoredFile& file : written->files) {
      if (file.name.starts_with(directory)) file.name.erase(0, directory.size());
    }
    report.keyed_state = std::move(*written);
    coordinator->Acknowledge(barrier.checkpoint_id, chain, subtask, std::move(report));
  };
  snapshots_.push_back(
      parts_.coordinator->executor().Submit(barrier.checkpoint_id, std::move(snapshot), std::move(done)));
}

}  // namespace spillway::runtime
