#include "backend/hybrid/run_job.h"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "backend/hybrid/table_source.h"
#include "spill/merge_cursor.h"
#include "spill/run_writer.h"
#include "spill/section_cursor.h"

namespace spillway::hybrid {
namespace {

// Records between two looks at whether the job was cancelled.
constexpr uint32_t kRecordsPerLook = 256;
// Of each of the two chunks of a run that is merged: eight runs take half a megabyte.
constexpr uint64_t kCompactionChunkBytes = 32 * 1024;

constexpr spill::SectionKind KindOf(spw_state_kind kind) {
  return static_cast<spill::SectionKind>(kind);
}
static_assert(KindOf(SPW_STATE_VALUE) == spill::SectionKind::kValue);
static_assert(KindOf(SPW_STATE_LIST) == spill::SectionKind::kList);
static_assert(KindOf(SPW_STATE_MAP) == spill::SectionKind::kMap);
static_assert(KindOf(SPW_STATE_TIMER) == spill::SectionKind::kTimer);

class JobRun {
 public:
  JobRun(const RunTarget& target, const std::atomic<bool>& cancelled, SpillJob* job)
      : target_(target), cancelled_(cancelled), job_(*job) {}

  // The file, or null when nothing had to be written.
  Result<std::shared_ptr<const spill::RunFile>> Write() {
    SPILLWAY_RETURN_IF_ERROR(CheckCancelled());
    spill::RunWriterOptions options;
    options.name = target_.name;
    options.file_id = target_.file_id;
    options.durable = false;
    SPILLWAY_ASSIGN_OR_RETURN(writer_, spill::RunWriter::Create(target_.engine, target_.directory, options));
    for (const FlushTable& table : job_.flush) SPILLWAY_RETURN_IF_ERROR(Flush(table));
    for (const CompactionTable& table : job_.compaction) SPILLWAY_RETURN_IF_ERROR(Compact(table));
    if (records_ == 0) {
      writer_->Abort();
      return std::shared_ptr<const spill::RunFile>();
    }
    SPILLWAY_RETURN_IF_ERROR(writer_->Finish().status());
    return OpenFile();
  }

 private:
  [[nodiscard]] Status CheckCancelled() const {
    if (!cancelled_.load(std::memory_order_relaxed)) return {};
    return Status::Cancelled("the spill worker was stopped");
  }

  Status Flush(const FlushTable& table) {
    TableSourceOptions options;
    options.kind = table.kind;
    options.alignment = table.alignment;
    options.root = table.root;
    options.flushed_epoch = table.flushed_epoch;
    options.only_dirty = true;
    options.deletes = table.older_runs;
    TableSource source(options);
    SPILLWAY_RETURN_IF_ERROR(writer_->BeginSection(table.state, table.key_group, KindOf(table.kind)));
    return CopySection(&source);
  }

  Status Compact(const CompactionTable& table) {
    std::vector<std::unique_ptr<spill::SectionCursor>> cursors;
    std::vector<spill::RecordSource*> newest_first;
    for (const RunRef& run : table.runs) {
      cursors.push_back(
          std::make_unique<spill::SectionCursor>(target_.engine, run.file, run.section, kCompactionChunkBytes));
      newest_first.push_back(cursors.back().get());
    }
    spill::MergeCursor merged(KindOf(table.kind), newest_first, table.bottom);
    SPILLWAY_RETURN_IF_ERROR(writer_->BeginSection(table.state, table.key_group, KindOf(table.kind)));
    return CopySection(&merged);
  }

  // All records into the open section, and its end.
  Status CopySection(spill::RecordSource* source) {
    for (;;) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool any, source->Next());
      if (!any) return writer_->EndSection();
      SPILLWAY_RETURN_IF_ERROR(writer_->Add(source->record()));
      if (++records_ % kRecordsPerLook == 0) SPILLWAY_RETURN_IF_ERROR(CheckCancelled());
    }
  }

  // From here on the file removes itself; when it cannot be opened, it is removed now.
  Result<std::shared_ptr<const spill::RunFile>> OpenFile() {
    Result<std::shared_ptr<const spill::RunFile>> file =
        spill::RunFile::Open(target_.engine, *target_.directory, target_.name, target_.file_id);
    if (file.ok()) {
      (*file)->RemoveWhenUnused(target_.directory, target_.name);
    } else {
      [[maybe_unused]] const Status removed = target_.directory->RemoveFile(target_.name);
    }
    return file;
  }

  const RunTarget& target_;
  const std::atomic<bool>& cancelled_;
  const SpillJob& job_;
  std::unique_ptr<spill::RunWriter> writer_;
  uint64_t records_ = 0;
};

}  // namespace

void RunJob(const RunTarget& target, const std::atomic<bool>& cancelled, SpillJob* job) {
  Result<std::shared_ptr<const spill::RunFile>> file = Status::Internal("the job was not run");
  try {
    file = JobRun(target, cancelled, job).Write();
  } catch (const std::exception& thrown) {
    file = Status::OutOfMemory(thrown.what());
  }
  if (file.ok()) {
    job->status = Status();
    job->file = std::move(file).value();
    return;
  }
  job->file = nullptr;
  job->status =
      file.status().WithContext((job->flush.empty() ? "cannot write merged run file " : "cannot write run file ") +
                                target.directory->PathOf(target.name));
}

}  // namespace spillway::hybrid
