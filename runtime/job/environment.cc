#include "spillway/stream/environment.h"

#include <utility>

#include "runtime/job/job.h"
#include "spillway/stream/operators/user_code.h"

namespace spillway {

StreamExecutionEnvironment::StreamExecutionEnvironment(ExecutionOptions options)
    : options_(std::move(options)), graph_(std::make_shared<StreamGraph>()) {}

StreamExecutionEnvironment::~StreamExecutionEnvironment() = default;

Result<JobResult> StreamExecutionEnvironment::Execute(const std::string& job_name, JobControl* control,
                                                      JobObserver* observer) {
  if (std::exchange(executed_, true)) return Status::InvalidState("Execute may be called once; build the job anew");
  Result<JobResult> result = Status::Internal("the job did not run");
  const Status status = CallUserCode([&]() -> Status {
    runtime::Job job(*graph_, options_, job_name, observer);
    result = job.Run(control);
    return {};
  });
  return status.ok() ? std::move(result) : status;
}

}  // namespace spillway
