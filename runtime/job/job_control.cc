#include "spillway/stream/job_control.h"

#include "runtime/job/job.h"
#include "runtime/job/job_control_state.h"

namespace spillway {

JobControl::JobControl() : shared_(std::make_shared<Shared>()) {}
JobControl::~JobControl() = default;

void JobControl::StopWithCheckpoint() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stop_requested = true;
  if (shared_->job != nullptr) shared_->job->RequestStop();
}

void JobControl::Cancel() {
  const std::lock_guard lock(shared_->mutex);
  shared_->cancel_requested = true;
  if (shared_->job != nullptr) shared_->job->RequestCancel();
}

JobProgress JobControl::Progress() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->job != nullptr ? shared_->job->Progress() : shared_->last;
}

}  // namespace spillway
