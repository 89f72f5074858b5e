#include "tests/crash/crashing_job.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace spillway::crash_test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kKilled = 128 + SIGKILL;
constexpr size_t kDifferencesShownMax = 10;
constexpr std::chrono::seconds kMomentWaitMax{5};  // then it dies without the moment having come
constexpr std::chrono::microseconds kAtOnceMax{2000};
constexpr Moment kMoments[] = {Moment::kStart, Moment::kCheckpointBegun, Moment::kCheckpointComplete,
                               Moment::kOutputCommitted};

const char* NameOf(Moment moment) {
  switch (moment) {
    case Moment::kStart:
      return "its start";
    case Moment::kCheckpointBegun:
      return "a checkpoint began";
    case Moment::kCheckpointComplete:
      return "a checkpoint was complete";
    case Moment::kOutputCommitted:
      return "output was committed";
  }
  return "";
}

std::string ShortLine(const std::string& line) {
  return line.size() <= 200 ? line : line.substr(0, 200) + "…";
}

}  // namespace

CrashingJob::CrashingJob(JobSpec spec, fs::path folder) : spec_(std::move(spec)), folder_(std::move(folder)) {
  fs::create_directories(folder_);
}

std::vector<std::string> CrashingJob::Command(uint32_t parallelism, bool restore) const {
  std::vector<std::string> words = {
      SPILLWAY_COMMAND, "run", spec_.job, "--backend", spec_.backend, "--parallelism", std::to_string(parallelism)};
  for (const fs::path& input : spec_.inputs) words.insert(words.end(), {"--input", input.string()});
  words.insert(words.end(),
               {"--output", (folder_ / "output").string(), "-D",
                "execution.checkpointing.dir=" + (folder_ / "checkpoints").string(), "-D",
                "execution.checkpointing.interval=" + std::to_string(spec_.checkpoint_interval.count()) + "ms",
                "--summary", (folder_ / "summary.json").string()});
  if (restore) words.insert(words.end(), {"--restore", "latest"});
  return words;
}

std::string CrashingJob::RunUndisturbed(uint32_t parallelism) {
  const ChildProcess::Ended ended = ChildProcess::Run(Command(parallelism, false));
  return ended.exit_code == 0 ? "" : "exit code " + std::to_string(ended.exit_code) + ": " + ended.err;
}

uint64_t CrashingJob::NewestCheckpoint(bool complete) const {
  uint64_t newest = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_ / "checkpoints" / spec_.job, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("chk-") || (complete && !fs::exists(entry.path() / "_metadata", error))) continue;
    newest = std::max<uint64_t>(newest, std::strtoull(name.c_str() + 4, nullptr, 10));
  }
  return newest;
}

size_t CrashingJob::CommittedFiles() const {
  size_t files = 0;
  std::error_code error;
  for (const auto& output : fs::directory_iterator(folder_ / "output", error)) {
    for (const auto& file : fs::directory_iterator(output.path(), error)) {
      if (file.path().filename().string().front() != '.') ++files;
    }
  }
  return files;
}

uint64_t CrashingJob::Mark(Moment moment) const {
  switch (moment) {
    case Moment::kStart:
      return 0;
    case Moment::kCheckpointBegun:
      return NewestCheckpoint(false);
    case Moment::kCheckpointComplete:
      return NewestCheckpoint(true);
    case Moment::kOutputCommitted:
      return CommittedFiles();
  }
  return 0;
}

// Not to synchronise with the child, but to choose a moment of its life without asking it.
void CrashingJob::Await(Moment moment, uint64_t mark_before, std::chrono::microseconds delay) const {
  const Clock::time_point give_up = Clock::now() + kMomentWaitMax;
  while (moment != Moment::kStart && Mark(moment) <= mark_before && Clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  std::this_thread::sleep_for(delay);
}

CrashReport CrashingJob::RunWithKills(const CrashPlan& plan, uint64_t seed) {
  std::mt19937_64 random(seed);
  CrashReport report;
  report.story = "seed " + std::to_string(seed);
  for (bool first = true;; first = false) {
    const uint32_t parallelism = plan.parallelisms[random() % plan.parallelisms.size()];
    // After the first kill there is something to resume from.
    const Moment moment = report.kills == 0 ? Moment::kCheckpointComplete : kMoments[random() % std::size(kMoments)];
    const bool at_once = moment == Moment::kCheckpointBegun || moment == Moment::kOutputCommitted;
    const std::chrono::microseconds delay_max = at_once ? kAtOnceMax : plan.kill_after_max;
    const std::chrono::microseconds delay(random() % (static_cast<uint64_t>(delay_max.count()) + 1));
    const uint64_t newest = NewestCheckpoint(true);
    report.story += "\n  parallelism " + std::to_string(parallelism) +
                    (newest == 0 ? ", afresh" : ", from checkpoint " + std::to_string(newest));
    if (newest > 0) ++report.resumed_from_checkpoint;
    const uint64_t mark = Mark(moment);
    ChildProcess child(Command(parallelism, !first));
    if (report.kills < plan.kills_max) {
      Await(moment, mark, delay);
      child.Signal(SIGKILL);
    }
    const ChildProcess::Ended ended = child.Wait();
    if (ended.exit_code == 0) {
      report.story += ", finished";
      return report;
    }
    if (ended.exit_code != kKilled) {
      report.failure = "exit code " + std::to_string(ended.exit_code) + ": " + ended.err + ended.out;
      return report;
    }
    ++report.kills;
    report.story += ", killed " + std::to_string(delay.count()) + " us after " + NameOf(moment);
  }
}

std::string CrashingJob::Digest() const {
  std::ifstream in(folder_ / "summary.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string key = "\"output_digest\": \"";
  const size_t begin = text.find(key);
  if (begin == std::string::npos) return "";
  return text.substr(begin + key.size(), text.find('"', begin + key.size()) - begin - key.size());
}

std::map<std::string, uint64_t> CrashingJob::CommittedLines() const {
  std::map<std::string, uint64_t> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "output")) {
    if (!entry.is_regular_file() || entry.path().filename().string().front() == '.') continue;
    const std::string output = entry.path().parent_path().filename().string() + ": ";
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) ++lines[output + line];
  }
  return lines;
}

std::vector<std::string> CrashingJob::LeftOvers() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "output")) {
    const std::string name = entry.path().filename().string();
    if (name == ".lock" || name == ".output-id") continue;
    if (entry.is_regular_file() && name.front() == '.') names.push_back(entry.path().string());
  }
  return names;
}

std::string Differences(const std::map<std::string, uint64_t>& expected, const std::map<std::string, uint64_t>& found) {
  std::string text;
  size_t differences = 0;
  const auto compare = [&](const std::string& line, uint64_t wanted, uint64_t there) {
    if (wanted == there || ++differences > kDifferencesShownMax) return;
    text += std::to_string(there) + " times instead of " + std::to_string(wanted) + ": " + ShortLine(line) + "\n";
  };
  for (const auto& [line, copies] : expected) {
    const auto there = found.find(line);
    compare(line, copies, there == found.end() ? 0 : there->second);
  }
  for (const auto& [line, copies] : found) {
    if (expected.count(line) == 0) compare(line, 0, copies);
  }
  if (differences > kDifferencesShownMax) text += std::to_string(differences) + " differences in all\n";
  return text;
}

}  // namespace spillway::crash_test
