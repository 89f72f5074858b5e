// What a JobControl and the job it was handed to share.
//
// Any thread. Requests that come before the job runs are kept for it; figures stay when it has ended.
#pragma once

#include <mutex>

#include "spillway/stream/job_control.h"

namespace spillway {

struct JobControl::Shared {
  std::mutex mutex;  // guards all below; held while the job is called, so that it cannot go away meanwhile
  runtime::Job* job = nullptr;
  bool stop_requested = false;
  bool cancel_requested = false;
  JobProgress last;
};

}  // namespace spillway
