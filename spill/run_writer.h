// RunWriter: writes one run file, section after section, in memory that does not grow with it.
//
// What it holds: two I/O buffers, one block, the open page, the index and filter of the open section (some twelve bytes
// a page and ten bits a key), and 88 bytes a section. Sections come in any order, each (state, key group) once; records
// in the order of CompareKeys. What breaks these rules, and every failed write, ends the writer: all later calls give
// the same error, and the file is gone when the writer is. For the thread that owns the engine; blocks while both
// buffers are being written.
//
// Lists: the pieces of one list follow each other with sub 0, 1, 2, …; the first says what it is to older runs (base,
// append or delete), the others are appends; a delete stands alone. Maps: the header, when there is one, says that
// entries of lower generations, here and in older runs, are void.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spill/directory.h"
#include "spill/file_writer.h"
#include "spill/io_engine.h"
#include "spill/record.h"
#include "spill/run_format.h"
#include "spill/section_index.h"
#include "spillway/status.h"

namespace spillway::spill {

struct RunWriterOptions {
  std::string name;      // of the file
  uint64_t file_id = 0;  // not used by any other run that may take its place
  std::string metadata;  // the caller's, such as the names of the states; at most kMetadataBytesMax
  bool durable = true;   // synced by Finish; what only spills need not be
};

struct RunSummary {
  uint64_t file_id = 0;
  uint64_t bytes = 0;
  uint64_t records = 0;
  uint32_t sections = 0;
};

class RunWriter {
 public:
  static Result<std::unique_ptr<RunWriter>> Create(IoEngine* engine, const Directory* directory,
                                                   RunWriterOptions options);

  [[nodiscard]] Status BeginSection(uint32_t state, uint32_t key_group, SectionKind kind);
  // The record's bytes are borrowed until return.
  [[nodiscard]] Status Add(const RunRecord& record);
  // A section without records is left out of the file.
  [[nodiscard]] Status EndSection();
  // The file is whole, under its name, when this returns.
  [[nodiscard]] Result<RunSummary> Finish();
  void Abort();

  [[nodiscard]] uint64_t bytes() const { return file_->size(); }  // so far
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  // A record that is encoded in raw_ and in no block yet.
  struct Pending {
    uint32_t end;
    uint64_t order;
    uint64_t sub;
    bool tied_order;  // with the record before it
    bool tied_sub;
  };
  // How many of the pending records a block takes, and its bytes.
  struct Fit {
    size_t records = 0;
    uint32_t used = 0;
    uint32_t raw = 0;
    uint32_t stored = 0;
    bool compressed = false;  // then in compressed_, else the begin of raw_
    bool poor = true;         // much space would stay empty
  };
  enum class Stage : uint8_t { kBetween, kInSection, kFinished };

  explicit RunWriter(RunWriterOptions options) : options_(std::move(options)), encoder_(SectionKind::kValue) {}

  Status AddChecked(const RunRecord& record);
  [[nodiscard]] Status CheckRecord(const RunRecord& record) const;
  void Remember(const RunRecord& record);
  void AddToFilter(const RunRecord& record, bool new_key);
  Status EmitBlock();
  Status EmitAll();
  Status EmitBig(const RunRecord& record);
  Fit FitBlock(uint64_t capacity);
  void PutBlock(const Fit& fit);
  void DropPending(size_t records);
  void OpenPage();
  Status ClosePage();
  Status EmitPage(PageKind kind, BytesView payload);
  Status EmitIndexes();
  Status CloseSection();
  Result<RunSummary> FinishChecked();
  Status Keep(Status status);  // remembers the first error

  const RunWriterOptions options_;
  std::unique_ptr<FileWriter> file_;
  Status failed_;
  Stage stage_ = Stage::kBetween;
  uint32_t next_unit_ = 0;  // behind the open page's first

  // The open section.
  SectionEntry section_{};
  SectionIndexBuilder index_;
  RecordEncoder encoder_;
  std::string raw_;  // the pending records
  std::vector<Pending> pending_;
  bool any_record_ = false;
  RunRecord last_;  // of the last record; its bytes are in last_bytes_
  std::string last_bytes_;
  std::string compressed_;

  // The open page of records.
  bool page_open_ = false;
  bool page_has_section_ = false;
  uint16_t page_blocks_ = 0;
  uint32_t page_units_ = 0;
  uint32_t page_used_ = 0;
  AlignedBuffer page_;

  // The sections that are written; the indexes of the last of them are not yet.
  std::vector<SectionEntry> sections_;
  size_t first_without_index_ = 0;
  std::string indexes_;
};

}  // namespace spillway::spill
