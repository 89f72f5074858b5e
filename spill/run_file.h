// RunFile: one run file, opened for reading.
//
// Open reads the footer and nothing else. Immutable but for the indexes of its sections, which come into memory when
// first needed, are counted, and may be evicted at any time; so any thread may use it, each with its own I/O engine.
// Shared by those who read it; the last closes the file, and removes it when that was asked for.
//
// All reading is somewhere else: RunLookup for single keys, SectionCursor for whole sections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "spill/directory.h"
#include "spill/io_engine.h"
#include "spill/page.h"
#include "spill/run_format.h"
#include "spill/section_index.h"
#include "spillway/status.h"

namespace spillway::spill {

class RunFile {
 public:
  // `file_id`: what it must have; none takes what it says. Blocks.
  static Result<std::shared_ptr<const RunFile>> Open(IoEngine* engine, File file,
                                                     std::optional<uint64_t> file_id = std::nullopt);
  static Result<std::shared_ptr<const RunFile>> Open(IoEngine* engine, const Directory& directory,
                                                     const std::string& name,
                                                     std::optional<uint64_t> file_id = std::nullopt);
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;
  ~RunFile();

  [[nodiscard]] const File& file() const { return file_; }
  [[nodiscard]] uint64_t file_id() const { return file_id_; }
  [[nodiscard]] uint64_t bytes() const { return units_ * kUnitBytes; }
  [[nodiscard]] uint64_t records() const { return records_; }
  [[nodiscard]] const std::string& metadata() const { return metadata_; }
  // By ascending (state, key group).
  [[nodiscard]] const std::vector<SectionEntry>& sections() const { return sections_; }
  [[nodiscard]] std::optional<uint32_t> FindSection(uint32_t state, uint32_t key_group) const;
  [[nodiscard]] PagePlace PlaceOf(uint32_t section) const;

  // The index of a section, if it is in memory; marks it as used.
  [[nodiscard]] std::shared_ptr<const SectionIndex> Index(uint32_t section) const;
  // One reader at a time loads an index: true for the one that is to.
  [[nodiscard]] bool BeginIndexLoad(uint32_t section) const;
  // Ends the load that began; with the bytes of the section's index page, or null when reading it failed.
  [[nodiscard]] Status EndIndexLoad(uint32_t section, const BytesView* page) const;
  // Parses and keeps the index without having begun a load.
  [[nodiscard]] Status PutIndex(uint32_t section, BytesView page) const;
  // Returns the bytes that are freed once nobody uses it.
  uint64_t EvictIndex(uint32_t section) const;
  // Whether the index was used since this was asked last.
  [[nodiscard]] bool TestAndClearUsed(uint32_t section) const;

  // What the file holds in memory: its table of sections and its indexes.
  [[nodiscard]] uint64_t memory_bytes() const { return fixed_bytes_ + index_bytes_.load(std::memory_order_relaxed); }

  // Removes the file when the last user is gone, which should not be an owner thread. `directory` must be alive then.
  void RemoveWhenUnused(const Directory* directory, std::string name) const;

 private:
  struct IndexSlot {
    std::shared_ptr<const SectionIndex> index;
    bool loading = false;
    bool used = false;
  };

  RunFile() = default;
  [[nodiscard]] Status ReadFooter(IoEngine* engine, std::optional<uint64_t> file_id);
  [[nodiscard]] Status ParseTrailer(BytesView page, std::optional<uint64_t> file_id, RunTrailer* trailer);
  [[nodiscard]] Status ParseFooter(BytesView page, const RunTrailer& trailer);
  [[nodiscard]] Status CheckSection(const SectionEntry& section, uint32_t footer_unit) const;
  [[nodiscard]] PagePlace Place() const;

  File file_;
  uint64_t file_id_ = 0;
  uint64_t units_ = 0;
  uint64_t records_ = 0;
  std::string metadata_;
  std::vector<SectionEntry> sections_;
  uint64_t fixed_bytes_ = 0;

  mutable std::mutex mutex_;  // of what follows
  mutable std::vector<IndexSlot> indexes_;
  mutable const Directory* remove_from_ = nullptr;
  mutable std::string remove_name_;
  mutable std::atomic<uint64_t> index_bytes_{0};  // written under the mutex; a figure of its own, so relaxed
};

}  // namespace spillway::spill
