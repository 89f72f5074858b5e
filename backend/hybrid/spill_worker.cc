#include "backend/hybrid/spill_worker.h"

#include <chrono>
#include <exception>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "backend/hybrid/run_job.h"

namespace spillway::hybrid {
namespace {

Status Stopped() {
  return Status::Cancelled("the spill worker was stopped");
}

// Bound to this thread.
Result<std::unique_ptr<spill::IoEngine>> OpenBound(const EngineFactory& open_engine) {
  try {
    SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<spill::IoEngine> engine, open_engine());
    SPILLWAY_RETURN_IF_ERROR(engine->Bind());
    return engine;
  } catch (const std::exception& thrown) {
    return Status::OutOfMemory(thrown.what());
  }
}

// Of one instance no two files have the same, and of two instances hardly.
uint64_t FirstFileId() {
  return uint64_t{std::random_device()()} << 32 | 1;
}

}  // namespace

SpillWorker::SpillWorker(const SpillDirectories* directories, EngineFactory open_engine)
    : directories_(directories), open_engine_(std::move(open_engine)) {}

SpillWorker::~SpillWorker() {
  Stop();
}

void SpillWorker::Submit(std::unique_ptr<SpillJob> job) {
  if (!stopped_ && !thread_.joinable()) {
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error& error) {
      job->status = Status::OutOfMemory(std::string("cannot start the spill worker: ") + error.what());
    }
  }
  if (stopped_) job->status = Stopped();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (thread_.joinable()) {
    (job->flush.empty() ? compactions_ : flushes_).push_back(std::move(job));
    ++under_way_;
    work_came_.notify_one();
  } else {
    PutDone(std::move(job));
  }
}

void SpillWorker::PutDone(std::unique_ptr<SpillJob> job) {
  done_.push_back(std::move(job));
  done_count_.store(static_cast<uint32_t>(done_.size()), std::memory_order_relaxed);
  job_done_.notify_one();
}

std::unique_ptr<SpillJob> SpillWorker::TakeDone() {
  if (done_count_.load(std::memory_order_relaxed) == 0) return nullptr;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (done_.empty()) return nullptr;
  std::unique_ptr<SpillJob> job = std::move(done_.front());
  done_.pop_front();
  done_count_.store(static_cast<uint32_t>(done_.size()), std::memory_order_relaxed);
  return job;
}

bool SpillWorker::WaitDone(int64_t timeout_us) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto over = [this] { return !done_.empty() || under_way_ == 0; };
  if (timeout_us < 0) {
    job_done_.wait(lock, over);
  } else {
    job_done_.wait_for(lock, std::chrono::microseconds(timeout_us), over);
  }
  return !done_.empty();
}

void SpillWorker::Bury(RunList runs) {
  if (!thread_.joinable()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  buried_.push_back(std::move(runs));
  work_came_.notify_one();
}

void SpillWorker::Stop() {
  if (std::exchange(stopped_, true)) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
    while (std::unique_ptr<SpillJob> job = TakeNext()) {
      job->status = Stopped();
      --under_way_;
      PutDone(std::move(job));
    }
    work_came_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<SpillJob> SpillWorker::TakeNext() {
  auto& jobs = flushes_.empty() ? compactions_ : flushes_;
  if (jobs.empty()) return nullptr;
  std::unique_ptr<SpillJob> job = std::move(jobs.front());
  jobs.pop_front();
  return job;
}

spill::IoCounters SpillWorker::counters() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return engine_ == nullptr ? last_counters_ : engine_->counters();
}

void SpillWorker::Run() {
  Result<std::unique_ptr<spill::IoEngine>> engine = OpenBound(open_engine_);
  spill::IoEngine* const opened = engine.ok() ? engine->get() : nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    engine_ = opened;
  }
  Serve(opened, engine.status().WithContext("the spill worker has no I/O engine"));
  const std::lock_guard<std::mutex> lock(mutex_);
  if (opened != nullptr) last_counters_ = opened->counters();
  engine_ = nullptr;
}

void SpillWorker::Serve(spill::IoEngine* engine, const Status& opened) {
  const uint64_t first_file_id = FirstFileId();
  for (uint64_t file = 0;;) {
    std::vector<RunList> buried;
    std::unique_ptr<SpillJob> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const auto stopping = [this] { return stopping_.load(std::memory_order_relaxed); };
      work_came_.wait(lock,
                      [&] { return stopping() || !buried_.empty() || !flushes_.empty() || !compactions_.empty(); });
      buried.swap(buried_);
      if (stopping() && buried.empty()) return;
      job = TakeNext();
    }
    buried.clear();
    if (job == nullptr) continue;
    if (opened.ok()) {
      const auto& directories = directories_->all();
      RunTarget target;
      target.engine = engine;
      target.directory = directories[file % directories.size()].get();
      target.name = std::to_string(file) + ".run";
      target.file_id = first_file_id + file++;
      RunJob(target, stopping_, job.get());
    } else {
      job->status = opened;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    --under_way_;
    PutDone(std::move(job));
  }
}

}  // namespace spillway::hybrid
