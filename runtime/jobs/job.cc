#include "runtime/jobs/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/jobs/page_trace.h"
#include "runtime/jobs/vm_noise.h"
#include "runtime/jobs/wordcount.h"

namespace spillway::runtime {

Result<std::vector<std::filesystem::path>> BuiltJob::CommittedFiles() const {
  std::vector<std::filesystem::path> files;
  for (const auto& output : outputs) {
    SPILLWAY_ASSIGN_OR_RETURN(std::vector<std::filesystem::path> of_output, output->CommittedFiles());
    files.insert(files.end(), of_output.begin(), of_output.end());
  }
  return files;
}

std::span<const JobDefinition> Jobs() {
  static constexpr std::array kJobs{kPageTraceJob, kVmNoiseJob, kWordcountJob};
  return kJobs;
}

const JobDefinition* FindJob(std::string_view name) {
  const auto jobs = Jobs();
  const auto job = std::find_if(jobs.begin(), jobs.end(), [&](const JobDefinition& j) { return j.name == name; });
  return job == jobs.end() ? nullptr : &*job;
}

Result<BuiltJob> BuildJob(const JobDefinition& definition, const JobParameters& parameters,
                          StreamExecutionEnvironment& environment) {
  if (parameters.generator && !definition.takes_generated_words) {
    return Status::InvalidArgument(fmt::format("the job {} reads files; name them with --input", definition.name));
  }
  if (parameters.generator && !parameters.inputs.empty()) {
    return Status::InvalidArgument("--input and --generate exclude each other; give one of them");
  }
  if (!parameters.generator && parameters.inputs.empty()) {
    return Status::InvalidArgument(
        fmt::format("the job {} has no input; name files or folders with --input{}", definition.name,
                    definition.takes_generated_words ? ", or have words made with --generate" : ""));
  }
  BuiltJob job;
  job.bad_input = std::make_shared<BadInput>(parameters.strict, parameters.show_bad_input);
  if (!parameters.generator) job.text_source = std::make_shared<TextSource>(parameters.inputs, job.bad_input);
  SPILLWAY_RETURN_IF_ERROR(definition.build(parameters, environment, &job));
  return job;
}

std::shared_ptr<LineFileSink> AddOutput(const JobParameters& parameters, const std::string& name, BuiltJob* job) {
  auto sink = std::make_shared<LineFileSink>(LineFileSinkOptions{parameters.output / name, name});
  job->outputs.push_back(sink);
  return sink;
}

}  // namespace spillway::runtime
