// RunLookup: finds records of one key in one run, without ever waiting.
//
// A state machine. Start and what follows tell by a Step what comes next; on kRead the caller reads ReadSize() bytes at
// ReadOffset() of file(), by any engine and into memory of its own, and hands them to Continue. A point look-up whose
// index is in memory takes one read, or none when the filter says that the key is absent.
//
//   step = lookup.Start(...);
//   kRead    read, then Continue, or Abandon when the read failed
//   kWait    another look-up is loading the index that this one needs: call Retry after the next completions
//   kFound   record() is one that was asked for; Advance goes on to the next, Find::kOne has only one
//   kAbsent  there is none, or no more
//   kFailed  status() tells
//
// record() is a view into the bytes given to Continue or into the scratch; both stay as they are as long as it is used
// and Advance may come. The key's bytes are borrowed until the end. One thread; the run and its indexes are shared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "spill/aligned_buffer.h"
#include "spill/io_engine.h"
#include "spill/page.h"
#include "spill/record.h"
#include "spill/record_source.h"
#include "spill/run_file.h"
#include "spillway/status.h"

namespace spillway::spill {

class RunLookup {
 public:
  enum class Find : uint8_t {
    kOne,   // the record that equals the key: values, map headers and entries, timers, a piece of a list
    kKey,   // all from the given one on with the same key and namespace: the pieces of a list, a map
    kFrom,  // all from the given one on, to the end of the section: timers by time
  };
  enum class Step : uint8_t { kRead, kWait, kFound, kAbsent, kFailed };

  RunLookup() = default;
  RunLookup(const RunLookup&) = delete;
  RunLookup& operator=(const RunLookup&) = delete;
  ~RunLookup() { Abandon(); }

  [[nodiscard]] Step Start(std::shared_ptr<const RunFile> run, uint32_t section, Find find, const RecordKey& key);
  [[nodiscard]] Step Continue(BytesView bytes, PageScratch* scratch);
  [[nodiscard]] Step Retry() { return Begin(); }
  [[nodiscard]] Step Advance();
  // Gives up and lets go of the run; the object may be used again, by Start.
  void Abandon();

  [[nodiscard]] const File& file() const { return run_->file(); }
  [[nodiscard]] uint64_t read_offset() const { return read_unit_ * kUnitBytes; }
  [[nodiscard]] uint64_t read_size() const { return read_units_ * kUnitBytes; }
  [[nodiscard]] bool reads_index() const { return loading_; }
  [[nodiscard]] const RunRecord& record() const { return record_; }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  Step Begin();
  Step ReadBlock(uint32_t block);
  Step Fail(Status status);

  std::shared_ptr<const RunFile> run_;
  std::shared_ptr<const SectionIndex> index_;
  uint32_t section_ = 0;
  Find find_ = Find::kOne;
  bool loading_ = false;
  RecordKey key_;
  uint32_t block_ = 0;
  uint64_t read_unit_ = 0;
  uint64_t read_units_ = 0;
  RecordDecoder decoder_;
  RunRecord record_;
  Status status_;
};

// Drives a look-up to its next record, reading by the engine and waiting for it: for background threads, and for owners
// that have no choice. The buffer grows to the largest page.
class BlockingLookup {
 public:
  explicit BlockingLookup(IoEngine* engine) : engine_(engine) {}
  // The record, or null when there is none; valid until the next call.
  [[nodiscard]] Result<const RunRecord*> Find(std::shared_ptr<const RunFile> run, uint32_t section,
                                              RunLookup::Find find, const RecordKey& key);
  // The next one that Find asked for.
  [[nodiscard]] Result<const RunRecord*> Next();
  [[nodiscard]] uint64_t memory_bytes() const { return buffer_.size() + scratch_.memory_bytes(); }

 private:
  [[nodiscard]] Result<const RunRecord*> Drive(RunLookup::Step step);
  [[nodiscard]] Result<const RunRecord*> Keep(Result<const RunRecord*> found);

  IoEngine* const engine_;
  std::shared_ptr<const RunFile> run_;
  uint32_t section_ = 0;
  RunLookup lookup_;
  Status failed_;  // of the last Find, for Next
  AlignedBuffer buffer_;
  PageScratch scratch_;
};

// The records of one key in one run, from the given one on: the pieces of a list, a map. Blocks.
class KeyCursor final : public RecordSource {
 public:
  // The engine outlives the cursor; of the key, order, key and namespace count, and sub and map entry as the begin.
  KeyCursor(IoEngine* engine, std::shared_ptr<const RunFile> run, uint32_t section, const RecordKey& key);

  [[nodiscard]] Result<bool> Next() override;
  [[nodiscard]] const RunRecord& record() const override { return *record_; }
  [[nodiscard]] uint64_t memory_bytes() const { return lookup_.memory_bytes(); }

 private:
  const std::shared_ptr<const RunFile> run_;
  const uint32_t section_;
  std::string bytes_;  // of the key
  RecordKey key_;
  BlockingLookup lookup_;
  bool begun_ = false;
  bool ended_ = false;
  const RunRecord* record_ = nullptr;
};

}  // namespace spillway::spill
