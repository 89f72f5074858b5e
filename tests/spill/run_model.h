// Runs as vectors in memory, for comparison with what is written and read: random ones of every kind, and their merge.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "spill/directory.h"
#include "spill/io_engine.h"
#include "spill/record.h"
#include "spill/run_file.h"
#include "spill/run_writer.h"
#include "spillway/status.h"

namespace spillway::spill {

// A record that owns its bytes.
struct ModelRecord {
  RunRecord fields;  // but for the bytes
  std::string key;
  std::string state_namespace;
  std::string map_key;
  std::string value;

  [[nodiscard]] RunRecord View() const;
  static ModelRecord Of(const RunRecord& record);
};
[[nodiscard]] std::string Describe(const RunRecord& record);
[[nodiscard]] bool SameRecord(const RunRecord& a, const RunRecord& b);

struct ModelSection {
  uint32_t state = 0;
  uint32_t key_group = 0;
  SectionKind kind = SectionKind::kValue;
  std::vector<ModelRecord> records;
};

// What random sections look like.
struct ModelShape {
  SectionKind kind = SectionKind::kValue;
  size_t keys = 100;
  uint64_t orders = UINT64_MAX;  // few of them make many keys of one hash
  uint64_t subs = UINT64_MAX;    // likewise of map keys and timers
  size_t per_key_max = 5;        // pieces of a list, entries of a map
  size_t value_bytes_max = 100;
  bool compressible = true;
  uint32_t delete_percent = 10;
  uint64_t key_space = UINT64_MAX;  // few make sections that meet each other in a merge
  uint64_t generation = 1;          // of maps, or one more; not less than in older runs
};
[[nodiscard]] ModelSection RandomSection(std::mt19937_64* random, const ModelShape& shape);

[[nodiscard]] Status WriteSection(RunWriter* writer, const ModelSection& section);
[[nodiscard]] Result<std::shared_ptr<const RunFile>> WriteRun(IoEngine* engine, const Directory& directory,
                                                              const std::string& name, uint64_t file_id,
                                                              const std::vector<ModelSection>& sections);

// Reads a section by a cursor.
[[nodiscard]] Result<std::vector<ModelRecord>> ReadSection(IoEngine* engine, std::shared_ptr<const RunFile> run,
                                                           uint32_t section);
// Every section of the run by cursors, every record and some absent ones by look-ups; failures are gtest's.
void ExpectRun(IoEngine* engine, const std::shared_ptr<const RunFile>& run, const std::vector<ModelSection>& sections);
void ExpectRecords(const std::vector<ModelRecord>& got, const std::vector<ModelRecord>& expected);

// The merge of sections of one kind, newest first, by the rules of FORMAT.md.
[[nodiscard]] std::vector<ModelRecord> MergeModel(SectionKind kind, const std::vector<ModelSection>& newest_first,
                                                  bool bottom);

}  // namespace spillway::spill
