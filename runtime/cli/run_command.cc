#include "runtime/cli/run_command.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/cli/console.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/resume_command.h"
#include "runtime/cli/run_report.h"
#include "runtime/cli/run_watcher.h"
#include "runtime/config/job_configuration.h"
#include "runtime/config/yaml_settings.h"
#include "runtime/jobs/job.h"
#include "runtime/plugin/loader.h"
#include "runtime/sinks/output_digest.h"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;
using runtime::BuiltJob;
using runtime::JobDefinition;
using runtime::Plugin;

// Notes the checkpoints of a run and tells what a person should know of them. On the thread that runs Execute.
class CheckpointNotes final : public JobObserver {
 public:
  explicit CheckpointNotes(Console* console) : console_(console) {}
  void OnRestored(const RestoredFrom& from) override {
    restored_ = from.directory;
    console_->Print(fmt::format("  resuming     from checkpoint {} ({})", from.checkpoint_id, from.directory.string()));
  }
  void OnNothingToRestore(const fs::path& directory) override {
    console_->Print(fmt::format("  no checkpoint is below {}: the job starts afresh", directory.string()));
  }
  void OnRunning() override {
    running_ = true;
    console_->Print("  running");
  }
  void OnCheckpointDurable(uint64_t) override { durable_ = true; }
  void OnCheckpointCompleted(const CheckpointInfo& checkpoint) override { completed_.push_back(checkpoint); }
  void OnCheckpointFailed(uint64_t checkpoint_id, const Status& why) override {
    console_->Note(fmt::format("checkpoint {} was given up, the job goes on: {}", checkpoint_id, why.message()));
  }
  [[nodiscard]] const std::vector<CheckpointInfo>& completed() const { return completed_; }
  // Whether the run has a checkpoint of its own that may be restored.
  [[nodiscard]] bool durable() const { return durable_; }
  // The checkpoint that the run began with.
  [[nodiscard]] const std::optional<fs::path>& restored() const { return restored_; }
  [[nodiscard]] bool running() const { return running_; }

 private:
  Console* console_;
  bool running_ = false;  // whether the job got beyond its checks
  bool durable_ = false;
  std::optional<fs::path> restored_;
  std::vector<CheckpointInfo> completed_;
};

Result<std::vector<ConfigSetting>> SettingsOf(const RunOptions& options) {
  std::vector<ConfigSetting> settings;
  if (options.configuration_file) {
    SPILLWAY_ASSIGN_OR_RETURN(settings, runtime::ReadYamlSettings(*options.configuration_file));
  }
  for (const std::string& assignment : options.assignments) {
    SPILLWAY_ASSIGN_OR_RETURN(ConfigSetting setting, runtime::ParseAssignment(assignment, "-D"));
    settings.push_back(std::move(setting));
  }
  if (options.backend) settings.push_back({runtime::kBackendType.key, *options.backend, "--backend"});
  if (options.parallelism) {
    settings.push_back({runtime::kDefaultParallelism.key, *options.parallelism, "--parallelism"});
  }
  return settings;
}

Status ApplyRestore(const RunOptions& options, ExecutionOptions* execution) {
  if (!options.restore) return {};
  if (*options.restore != "latest") {
    execution->restore = RestoreMode::kPath;
    execution->restore_path = *options.restore;
    return {};
  }
  if (execution->checkpoints.directory.empty()) {
    return Status::InvalidArgument(
        fmt::format("--restore latest needs to know where checkpoints are; set {}", runtime::kCheckpointDir.key));
  }
  execution->restore = RestoreMode::kLatest;
  return {};
}

Result<std::optional<runtime::GeneratorOptions>> GeneratorOf(const RunOptions& options) {
  if (!options.generate) {
    if (options.distinct || options.seed) {
      return Status::InvalidArgument("--distinct and --seed go with --generate; give that too");
    }
    return std::optional<runtime::GeneratorOptions>();
  }
  if (!options.distinct) return Status::InvalidArgument("--generate needs --distinct, the number of different words");
  if (*options.distinct < 1 || *options.distinct > runtime::kGeneratorDistinctMax) {
    return Status::InvalidArgument(
        fmt::format("--distinct {} is not from 1 to {}", *options.distinct, runtime::kGeneratorDistinctMax));
  }
  return std::optional(runtime::GeneratorOptions{*options.generate, *options.distinct, options.seed.value_or(1)});
}

fs::path Canonical(const fs::path& path) {
  return path.empty() ? fs::current_path() : fs::weakly_canonical(fs::absolute(path));
}

// What the job writes where it reads would make it read itself at its next run.
Status CheckIsNotInput(const RunOptions& options, std::string_view what, const fs::path& path,
                       std::string_view option) {
  const fs::path written = Canonical(path);
  for (const fs::path& input : options.inputs) {
    const fs::path below = written.lexically_relative(Canonical(input));
    if (!below.empty() && *below.begin() != "..") {
      return Status::InvalidArgument(
          fmt::format("{} {} lies in the input {}; give another {}", what, path.string(), input.string(), option));
    }
  }
  return {};
}

Status CheckNothingWrittenIsInput(const RunOptions& options, const ExecutionOptions& execution) {
  SPILLWAY_RETURN_IF_ERROR(CheckIsNotInput(options, "the output directory", options.output, "--output"));
  if (options.summary) {
    SPILLWAY_RETURN_IF_ERROR(CheckIsNotInput(options, "the summary", *options.summary, "--summary"));
  }
  if (!execution.checkpoints.directory.empty()) {
    SPILLWAY_RETURN_IF_ERROR(CheckIsNotInput(options, "the checkpoint directory", execution.checkpoints.directory,
                                             runtime::kCheckpointDir.key));
  }
  for (const fs::path& directory : execution.local_directories) {
    SPILLWAY_RETURN_IF_ERROR(
        CheckIsNotInput(options, "the directory for local files", directory, runtime::kTemporaryDirs.key));
  }
  return {};
}

// All that is decided before anything starts.
struct Plan {
  const JobDefinition* definition = nullptr;
  std::shared_ptr<const Plugin> plugin;
  ExecutionOptions execution;
  runtime::JobParameters parameters;
};

Result<Plan> MakePlan(const RunOptions& options) {
  Plan plan;
  plan.definition = runtime::FindJob(options.job);
  if (plan.definition == nullptr) {
    return Status::InvalidArgument(fmt::format("there is no job '{}'; 'spillway jobs' lists them", options.job));
  }
  // Known at start, so that a long run does not end without its summary.
  if (options.summary) SPILLWAY_RETURN_IF_ERROR(CheckSummaryPlace(*options.summary));
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<ConfigSetting> settings, SettingsOf(options));
  SPILLWAY_ASSIGN_OR_RETURN(plan.plugin, runtime::LoadPlugin(runtime::BackendOf(settings)));
  SPILLWAY_ASSIGN_OR_RETURN(const Configuration configuration, runtime::JobConfiguration(settings, *plan.plugin));
  SPILLWAY_ASSIGN_OR_RETURN(plan.execution, runtime::ExecutionOptionsOf(configuration, *plan.plugin));
  SPILLWAY_RETURN_IF_ERROR(CheckNothingWrittenIsInput(options, plan.execution));
  SPILLWAY_RETURN_IF_ERROR(ApplyRestore(options, &plan.execution));
  plan.parameters.inputs = options.inputs;
  SPILLWAY_ASSIGN_OR_RETURN(plan.parameters.generator, GeneratorOf(options));
  plan.parameters.output = options.output;
  plan.parameters.strict = options.strict;
  return plan;
}

int ExitCodeOf(JobOutcome outcome) {
  return outcome == JobOutcome::kStopped ? kStopped : kDone;
}

class RunCommand {
 public:
  RunCommand(const RunOptions& options, Console* console) : options_(options), console_(console) {}

  int Run() {
    // Before there is any other thread.
    RunSignals signals;
    auto plan = MakePlan(options_);
    if (!plan.ok()) return Fail(plan.status(), kBadUsage);
    plan->parameters.show_bad_input = [this](const std::string& report) { console_->Note("bad input: " + report); };
    console_->Print(Banner(BannerOf(*plan)));

    StreamExecutionEnvironment environment(plan->execution);
    auto job = runtime::BuildJob(*plan->definition, plan->parameters, environment);
    if (!job.ok()) return Fail(job.status(), kBadUsage);

    JobControl control;
    CheckpointNotes notes(console_);
    RunWatcher watcher(&signals, &control, console_);
    const Result<JobResult> result = environment.Execute(std::string(plan->definition->name), &control, &notes);
    watcher.JobEnded();
    NoteSkipped(*job);
    if (!result.ok() && !notes.running()) return Fail(result.status(), kBadUsage);
    if (!result.ok()) return FailedRun(*plan, notes, result.status());
    return Report(*plan, *job, notes, *result, watcher.cancelled());
  }

 private:
  [[nodiscard]] RunBanner BannerOf(const Plan& plan) const {
    RunBanner banner;
    banner.job = plan.definition->name;
    banner.plugin = plan.plugin.get();
    banner.options = &plan.execution;
    banner.inputs = options_.inputs;
    banner.generator = plan.parameters.generator;
    banner.output = options_.output;
    return banner;
  }

  int Fail(const Status& status, ExitCode code) {
    console_->Error(status);
    return code;
  }

  // What a run that has ended early goes on from. Without a checkpoint of its own that is where it began itself: older
  // ones may lie in its directory, of which it was not a continuation.
  struct Resumable {
    std::string what;  // empty: nothing
    std::string restore;
  };
  [[nodiscard]] Resumable ResumableOf(const CheckpointNotes& notes) const {
    if (notes.durable()) return {"the latest checkpoint", "latest"};
    if (!notes.restored()) return {};
    if (options_.restore == "latest") return {"the restored checkpoint", "latest"};
    return {"the restored checkpoint", notes.restored()->string()};
  }

  int FailedRun(const Plan& plan, const CheckpointNotes& notes, const Status& status) {
    const bool cancelled = status.code() == StatusCode::kCancelled;
    const Resumable resumable = ResumableOf(notes);
    if (!cancelled) console_->Error(status);
    if (!resumable.what.empty()) {
      console_->Note(fmt::format("{}, resume from {} with:\n  {}",
                                 cancelled ? "stopped without a final checkpoint" : "when the cause is removed",
                                 resumable.what, ResumeCommand(options_.command_line, resumable.restore)));
    } else if (cancelled) {
      console_->Note("stopped without a checkpoint, so there is nothing to resume: " +
                     (plan.execution.checkpoints.directory.empty()
                          ? fmt::format("{} is not set", runtime::kCheckpointDir.key)
                          : std::string("the first one was not complete yet")));
    }
    return cancelled ? kCancelled : kFailed;
  }

  void NoteSkipped(const BuiltJob& job) {
    if (!job.text_source) return;
    const auto& skipped = job.text_source->skipped();
    for (size_t i = 0; i < skipped.size() && i < kSkippedShownMax; ++i) console_->Note("not read: " + skipped[i]);
    if (skipped.size() > kSkippedShownMax) {
      console_->Note(fmt::format("not read: {} more", skipped.size() - kSkippedShownMax));
    }
  }

  int Report(const Plan& plan, const BuiltJob& job, const CheckpointNotes& notes, const JobResult& result,
             const std::atomic<bool>* cancelled) {
    const auto files = job.CommittedFiles();
    if (!files.ok()) return Fail(files.status(), kFailed);
    const auto digest = runtime::DigestLines(*files, {.cancelled = cancelled});
    if (digest.status().code() == StatusCode::kCancelled) return WithoutDigest(result);
    if (!digest.ok()) return Fail(digest.status(), kFailed);

    RunReport report;
    report.job = plan.definition->name;
    report.plugin = plan.plugin.get();
    report.options = &plan.execution;
    report.result = &result;
    report.checkpoints = notes.completed();
    report.bad_input = job.bad_input->count();
    report.digest = *digest;
    report.output = options_.output;
    console_->Print(SummaryText(report));
    if (options_.summary) {
      const Status written = WriteSummary(report, *options_.summary);
      if (!written.ok()) return Fail(written, kFailed);
    }
    if (result.outcome == JobOutcome::kStopped) PrintResume();
    return ExitCodeOf(result.outcome);
  }

  // A signal came while the digest was computed: nothing of the job is lost by that.
  int WithoutDigest(const JobResult& result) {
    console_->Note(fmt::format("ended before the digest was known{}; the output itself is committed, in {}",
                               options_.summary ? ", without a summary" : "", options_.output.string()));
    if (result.outcome != JobOutcome::kStopped) return kCancelled;
    PrintResume();
    return kStopped;
  }

  void PrintResume() {
    console_->Print("stopped with a final checkpoint; resume with:\n  " +
                    ResumeCommand(options_.command_line, "latest"));
  }

  static constexpr size_t kSkippedShownMax = 10;

  const RunOptions& options_;
  Console* console_;
};

}  // namespace

int RunJobCommand(const RunOptions& options) {
  Console console;
  try {
    return RunCommand(options, &console).Run();
  } catch (const std::exception& error) {
    console.Error(Status::Internal(error.what()));
    return kFailed;
  }
}

}  // namespace spillway::cli
