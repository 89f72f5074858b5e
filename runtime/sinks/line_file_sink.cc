#include "runtime/sinks/line_file_sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/sinks/output_directory_id.h"
#include "runtime/sinks/output_file.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockName = ".lock";
constexpr std::string_view kProbeName = ".probe";
constexpr size_t kProbeBytes = 4096;

class LineFileWriter final : public SinkWriter<std::string> {
 public:
  LineFileWriter(fs::path directory, uint64_t directory_id, OutputNames names, uint32_t subtask)
      : directory_(std::move(directory)), directory_id_(directory_id), names_(std::move(names)), subtask_(subtask) {}
  ~LineFileWriter() override {
    if (!file_) return;
    std::error_code ignored;  // what stays is removed by the next Start
    fs::remove(file_->path(), ignored);
  }

  Status Write(const std::string& line) override {
    if (!file_) {
      SPILLWAY_ASSIGN_OR_RETURN(file_, OutputFile::Create(directory_ / names_.InProgress(subtask_)));
    }
    SPILLWAY_RETURN_IF_ERROR(file_->Append(line));
    SPILLWAY_RETURN_IF_ERROR(file_->Append("\n"));
    ++lines_;
    return {};
  }

  Result<std::vector<std::string>> PrepareCommit(uint64_t checkpoint_id) override {
    Committable committable{directory_id_, names_.sink(), {checkpoint_id, subtask_}, 0, lines_};
    if (!file_) return std::vector{committable.Encode()};
    SPILLWAY_RETURN_IF_ERROR(file_->Seal());
    committable.bytes = file_->size();
    SPILLWAY_RETURN_IF_ERROR(RenameFile(file_->path(), directory_ / names_.Pending(committable.part)));
    file_.reset();
    lines_ = 0;
    SPILLWAY_RETURN_IF_ERROR(SyncDirectory(directory_));
    return std::vector{committable.Encode()};
  }

 private:
  const fs::path directory_;
  const uint64_t directory_id_;
  const OutputNames names_;
  const uint32_t subtask_;
  std::unique_ptr<OutputFile> file_;  // null until there is something to write
  uint64_t lines_ = 0;
};

}  // namespace

struct LineFileSink::Contents {
  std::vector<OutputPart> committed;
  std::vector<OutputPart> pending;
  std::vector<std::string> in_progress;

  [[nodiscard]] static bool Has(const std::vector<OutputPart>& parts, const OutputPart& part) {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

LineFileSink::LineFileSink(LineFileSinkOptions options)
    : directory_(std::move(options.directory)), names_(std::move(options.name), std::move(options.suffix)) {}

LineFileSink::~LineFileSink() = default;

Status LineFileSink::Prepare(std::optional<uint64_t> restored_checkpoint,
                             const std::vector<std::string>& committables) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<Committable> decoded, Decode(committables));
  if (restored_checkpoint) SPILLWAY_RETURN_IF_ERROR(CheckDirectory(*restored_checkpoint, decoded));
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) return FileError("create the output directory", directory_, error.value());
  SPILLWAY_ASSIGN_OR_RETURN(
      std::unique_ptr<snapshot::DirectoryLock> lock,
      snapshot::DirectoryLock::Take(
          directory_ / kLockName,
          fmt::format("another job is writing to the output directory {}; stop it or give another --output",
                      directory_.string())));
  SPILLWAY_ASSIGN_OR_RETURN(const Contents contents, List());
  SPILLWAY_RETURN_IF_ERROR(restored_checkpoint ? CheckRestored(contents, *restored_checkpoint, decoded)
                                               : CheckFresh(contents));
  SPILLWAY_RETURN_IF_ERROR(CheckWritable());
  lock_ = std::move(lock);
  return {};
}

Status LineFileSink::Start(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) {
  if (lock_ == nullptr) return Status::InvalidState("the sink '" + names_.sink() + "' starts before it was prepared");
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<Committable> decoded, Decode(committables));
  SPILLWAY_ASSIGN_OR_RETURN(const Contents contents, List());
  if (restored_checkpoint) {
    directory_id_ = decoded.front().directory_id;
  } else {
    SPILLWAY_ASSIGN_OR_RETURN(directory_id_, RenewOutputDirectoryId(directory_));
  }
  SPILLWAY_RETURN_IF_ERROR(CommitAll(decoded));
  return RemoveUnreferred(contents, decoded);
}

Result<std::unique_ptr<SinkWriter<std::string>>> LineFileSink::CreateWriter(uint32_t subtask) {
  return std::unique_ptr<SinkWriter<std::string>>(
      std::make_unique<LineFileWriter>(directory_, directory_id_, names_, subtask));
}

Status LineFileSink::Commit(const std::vector<std::string>& committables) {
  SPILLWAY_ASSIGN_OR_RETURN(const std::vector<Committable> decoded, Decode(committables));
  return CommitAll(decoded);
}

Result<std::vector<fs::path>> LineFileSink::CommittedFiles() const {
  SPILLWAY_ASSIGN_OR_RETURN(const Contents contents, List());
  std::vector<fs::path> files;
  for (const OutputPart& part : contents.committed) files.push_back(directory_ / names_.Committed(part));
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<Committable>> LineFileSink::Decode(const std::vector<std::string>& committables) const {
  std::vector<Committable> decoded;
  for (const std::string& bytes : committables) {
    SPILLWAY_ASSIGN_OR_RETURN(Committable committable, Committable::Decode(bytes));
    if (committable.sink != names_.sink()) {
      return Status::InvalidArgument(
          fmt::format("a checkpoint holds output of the sink '{}' for the sink '{}'", committable.sink, names_.sink()));
    }
    decoded.push_back(std::move(committable));
  }
  return decoded;
}

Result<LineFileSink::Contents> LineFileSink::List() const {
  Contents contents;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (const auto committed = names_.ParseCommitted(name)) {
      contents.committed.push_back(*committed);
    } else if (const auto pending = names_.ParsePending(name)) {
      contents.pending.push_back(*pending);
    } else if (names_.IsInProgress(name)) {
      contents.in_progress.push_back(name);
    }
  }
  if (error) return FileError("list the output directory", directory_, error.value());
  return contents;
}

Status LineFileSink::CheckFresh(const Contents& contents) const {
  if (contents.committed.empty()) return {};
  return Status::InvalidState(fmt::format(
      "the output directory {} holds committed output already ({} and {} more files), and a job that starts "
      "afresh would write it again; resume with --restore latest, give another --output, or remove the files",
      directory_.string(), names_.Committed(contents.committed.front()), contents.committed.size() - 1));
}

Status LineFileSink::CheckDirectory(uint64_t checkpoint_id, const std::vector<Committable>& committables) const {
  if (committables.empty()) {
    return Status::Corruption(fmt::format(
        "checkpoint {} does not say which output directory it belongs to; restore another one", checkpoint_id));
  }
  SPILLWAY_ASSIGN_OR_RETURN(const std::optional<uint64_t> id, ReadOutputDirectoryId(directory_));
  for (const Committable& committable : committables) {
    if (committable.directory_id == id) continue;
    return Status::InvalidState(fmt::format(
        "the output of checkpoint {} is not in {}: {}; give the --output that the job had before", checkpoint_id,
        directory_.string(), id ? "that directory belongs to another run" : "no job has written to that directory"));
  }
  return {};
}

Status LineFileSink::CheckRestored(const Contents& contents, uint64_t checkpoint_id,
                                   const std::vector<Committable>& committables) const {
  for (const OutputPart& part : contents.committed) {
    if (part.checkpoint_id <= checkpoint_id) continue;
    return Status::InvalidState(
        fmt::format("the output directory {} holds committed output of checkpoint {} ({}), later than checkpoint {} "
                    "that is to be restored, and the job would write it again; restore the later one, give another "
                    "--output, or remove the later files",
                    directory_.string(), part.checkpoint_id, names_.Committed(part), checkpoint_id));
  }
  for (const Committable& committable : committables) {
    if (!committable.has_file()) continue;
    if (Contents::Has(contents.committed, committable.part)) {
      SPILLWAY_RETURN_IF_ERROR(CheckSize(committable, directory_ / names_.Committed(committable.part)));
    } else if (Contents::Has(contents.pending, committable.part)) {
      SPILLWAY_RETURN_IF_ERROR(CheckSize(committable, directory_ / names_.Pending(committable.part)));
    } else {
      return Status::NotFound(fmt::format(
          "the output directory {} has no file {}, which checkpoint {} sealed; give the --output that the job "
          "had before, with all of its files",
          directory_.string(), names_.Committed(committable.part), checkpoint_id));
    }
  }
  return {};
}

Status LineFileSink::CheckSize(const Committable& committable, const fs::path& path) const {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) return FileError("look at", path, error.value());
  if (size == committable.bytes) return {};
  return Status::Corruption(
      fmt::format("the output file {} has {} bytes; its checkpoint sealed {}", path.string(), size, committable.bytes));
}

// A directory that looks writable may be full or over quota, which only writing shows.
Status LineFileSink::CheckWritable() const {
  const fs::path path = directory_ / kProbeName;
  const auto probe = [&]() -> Status {
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::Create(path));
    SPILLWAY_RETURN_IF_ERROR(file->Append(std::string(kProbeBytes, '\n')));
    return file->Seal();
  };
  const Status status = probe();
  std::error_code ignored;
  fs::remove(path, ignored);
  return status;
}

Status LineFileSink::CommitAll(const std::vector<Committable>& committables) {
  bool any = false;
  for (const Committable& committable : committables) {
    if (!committable.has_file()) continue;
    any = true;
    const fs::path committed = directory_ / names_.Committed(committable.part);
    const Status renamed = RenameFile(directory_ / names_.Pending(committable.part), committed);
    if (renamed.ok()) continue;
    // Committed before: then the pending file is gone and the committed one is there.
    std::error_code error;
    if (renamed.code() != StatusCode::kNotFound || !fs::exists(committed, error)) return renamed;
  }
  return any ? SyncDirectory(directory_) : Status();
}

Status LineFileSink::RemoveUnreferred(const Contents& contents, const std::vector<Committable>& committables) const {
  std::vector<std::string> unreferred = contents.in_progress;
  for (const OutputPart& part : contents.pending) {
    const bool referred = std::any_of(committables.begin(), committables.end(),
                                      [&](const Committable& committable) { return committable.part == part; });
    if (!referred) unreferred.push_back(names_.Pending(part));
  }
  for (const std::string& name : unreferred) {
    std::error_code error;
    fs::remove(directory_ / name, error);
    if (error) return FileError("remove", directory_ / name, error.value());
  }
  return {};
}

}  // namespace spillway::runtime
