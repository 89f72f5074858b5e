// Runs `spillway run` as a child that is killed again and again and resumed, until it has finished; and what it
// commits.
//
// One thread. All of a job's files lie in the folder it is given. Lines are compared whole, so a record that is lost or
// counted twice shows as a line that is missing, extra or different.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace spillway::crash_test {

struct JobSpec {
  std::string job;
  std::vector<std::filesystem::path> inputs;
  std::string backend;  // name or path
  std::chrono::milliseconds checkpoint_interval{100};
};

// From when the delay to a kill is counted. A checkpoint that is under way and output that has just been committed are
// where a wrong order of steps shows, so those kills come at once.
enum class Moment { kStart, kCheckpointBegun, kCheckpointComplete, kOutputCommitted };

struct CrashPlan {
  uint32_t kills_max = 5;
  std::chrono::milliseconds kill_after_max{800};  // of kStart and kCheckpointComplete; any time up to that
  std::vector<uint32_t> parallelisms{1, 2, 3};    // one for each run, by the seed
};

struct CrashReport {
  std::string failure;  // empty when the job finished in the end
  uint32_t kills = 0;
  uint32_t resumed_from_checkpoint = 0;  // runs that did not start afresh
  std::string story;                     // what happened, for a person
};

class CrashingJob {
 public:
  CrashingJob(JobSpec spec, std::filesystem::path folder);

  // Runs it to its end without disturbing it; the message of a failure, else empty.
  std::string RunUndisturbed(uint32_t parallelism);
  CrashReport RunWithKills(const CrashPlan& plan, uint64_t seed);

  // Of all committed output, from the summary of the run that finished.
  [[nodiscard]] std::string Digest() const;
  // Every committed line with the number of its copies, each behind the name of its output: "alerts: …".
  [[nodiscard]] std::map<std::string, uint64_t> CommittedLines() const;
  // Files that are neither committed output nor a lock.
  [[nodiscard]] std::vector<std::string> LeftOvers() const;

 private:
  [[nodiscard]] std::vector<std::string> Command(uint32_t parallelism, bool restore) const;
  // The largest number of a checkpoint, or of a complete one, that is there; 0 when there is none.
  [[nodiscard]] uint64_t NewestCheckpoint(bool complete) const;
  [[nodiscard]] size_t CommittedFiles() const;
  // A number that grows when the moment comes again.
  [[nodiscard]] uint64_t Mark(Moment moment) const;
  // Waits until the child should die.
  void Await(Moment moment, uint64_t mark_before, std::chrono::microseconds delay) const;

  const JobSpec spec_;
  const std::filesystem::path folder_;
};

// The first few differences, one a line; empty when there are none.
[[nodiscard]] std::string Differences(const std::map<std::string, uint64_t>& expected,
                                      const std::map<std::string, uint64_t>& found);

}  // namespace spillway::crash_test
