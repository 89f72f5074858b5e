// Writes lines to files, exactly once.
//
// Each subtask writes to an in-progress file; at a checkpoint the file is made durable and becomes pending; when the
// checkpoint is complete it is renamed to its final name. In-progress and pending files are hidden (their names begin
// with a dot), so what can be seen is output that will never be taken back or come twice. A final name tells sink,
// checkpoint and subtask: statistics-00000007-00001.csv. FORMAT.md has the names and the bytes of committables.
//
// Prepare refuses a directory that holds output which this run would produce again, one that a restored checkpoint does
// not belong to, one that another job is writing to, and one that cannot be written to; and then changes nothing.
// Threads as spillway/stream/sink.h says. A record is one line and must hold no line break.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/sinks/output_names.h"
#include "snapshot/directory_lock.h"
#include "spillway/stream/sink.h"

namespace spillway::runtime {

struct LineFileSinkOptions {
  std::filesystem::path directory;  // made when it is not there; its files belong to this sink
  std::string name;                 // [A-Za-z0-9._-]+, beginning with a letter or digit
  std::string suffix = ".csv";
};

class LineFileSink final : public Sink<std::string> {
 public:
  explicit LineFileSink(LineFileSinkOptions options);
  ~LineFileSink() override;

  // Takes the lock of the directory, for this object's life.
  Status Prepare(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) override;
  // After Prepare.
  Status Start(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) override;
  Result<std::unique_ptr<SinkWriter<std::string>>> CreateWriter(uint32_t subtask) override;
  Status Commit(const std::vector<std::string>& committables) override;

  // The committed files that are there, in order of their names.
  [[nodiscard]] Result<std::vector<std::filesystem::path>> CommittedFiles() const;

 private:
  struct Contents;

  [[nodiscard]] Result<std::vector<Committable>> Decode(const std::vector<std::string>& committables) const;
  [[nodiscard]] Result<Contents> List() const;
  [[nodiscard]] Status CheckFresh(const Contents& contents) const;
  [[nodiscard]] Status CheckDirectory(uint64_t checkpoint_id, const std::vector<Committable>& committables) const;
  [[nodiscard]] Status CheckRestored(const Contents& contents, uint64_t checkpoint_id,
                                     const std::vector<Committable>& committables) const;
  [[nodiscard]] Status CheckWritable() const;
  [[nodiscard]] Status CheckSize(const Committable& committable, const std::filesystem::path& path) const;
  Status CommitAll(const std::vector<Committable>& committables);
  Status RemoveUnreferred(const Contents& contents, const std::vector<Committable>& committables) const;

  const std::filesystem::path directory_;
  const OutputNames names_;
  std::unique_ptr<snapshot::DirectoryLock> lock_;  // from Prepare on: nobody else writes to the directory
  uint64_t directory_id_ = 0;                      // from Start on
};

}  // namespace spillway::runtime
