// Sinks with a two-phase commit, after Flink's TwoPhaseCommittingSink.
//
// Between two barriers a writer gathers output that nobody sees yet. At the barrier PrepareCommit seals it into
// committables: opaque bytes that go into the checkpoint. Only when the checkpoint as a whole is complete are they
// committed, so what is visible is exactly what a restored job will not produce again. A committable is committed at
// least once: Commit must be idempotent.
//
// Life: Prepare and Start once per job run, before any writer, on the job's thread: Prepare of all sinks of the job,
// then Start of all; then CreateWriter, Write, PrepareCommit on each subtask's thread; Commit on any thread, one call
// at a time per committable. A writer that is destroyed without PrepareCommit leaves nothing visible.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spillway/status.h"

namespace spillway {

template <typename T>
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual Status Write(const T& record) = 0;
  // Seals what was written since the last call, durably. A sink may give a committable that stands for no output.
  virtual Result<std::vector<std::string>> PrepareCommit(uint64_t checkpoint_id) = 0;
};

template <typename T>
class Sink {
 public:
  virtual ~Sink() = default;

  // What the run starts from. `restored_checkpoint`: the one that is being restored, nullopt for a fresh start;
  // `committables`: all that it holds for this sink, from all subtasks. Refuses when visible output shows that the job
  // would produce it a second time; removes nothing, so that a job that is refused leaves all sinks as they were.
  virtual Status Prepare(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) {
    static_cast<void>(restored_checkpoint);
    static_cast<void>(committables);
    return {};
  }
  // With the same arguments. Commits the committables, and removes what no checkpoint refers to.
  virtual Status Start(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) = 0;
  virtual Result<std::unique_ptr<SinkWriter<T>>> CreateWriter(uint32_t subtask) = 0;
  virtual Status Commit(const std::vector<std::string>& committables) = 0;
};

}  // namespace spillway
