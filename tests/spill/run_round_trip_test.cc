// What a RunWriter is given comes out of cursors and look-ups, whatever the kind, the sizes and the hashes are.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "spill/run_lookup.h"
#include "spill/run_writer.h"
#include "spill/section_cursor.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class RunRoundTripTest : public TestOnEngines {
 protected:
  std::shared_ptr<const RunFile> Write(const std::vector<ModelSection>& sections) {
    ++file_id_;
    Result<std::shared_ptr<const RunFile>> run =
        WriteRun(engine_.get(), directory_, std::to_string(file_id_) + ".run", file_id_, sections);
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return run.ok() ? *run : nullptr;
  }
  void RoundTrip(const std::vector<ModelSection>& sections) {
    const std::shared_ptr<const RunFile> run = Write(sections);
    ASSERT_NE(run, nullptr);
    ExpectRun(engine_.get(), run, sections);
  }
  ModelSection Section(const ModelShape& shape, uint32_t state = 0, uint32_t key_group = 0) {
    ModelSection section = RandomSection(&random_, shape);
    section.state = state;
    section.key_group = key_group;
    return section;
  }

  static constexpr SectionKind kKinds[] = {SectionKind::kValue, SectionKind::kList, SectionKind::kMap,
                                           SectionKind::kTimer};
  runtime::TemporaryFolder temporary_;
  Directory directory_ = Directory::Open(temporary_.path().string()).value();
  std::mt19937_64 random_{7};
  uint64_t file_id_ = 0;
};

TEST_P(RunRoundTripTest, SectionsOfEveryKind) {
  for (const bool compressible : {true, false}) {
    std::vector<ModelSection> sections;
    for (const SectionKind kind : kKinds) {
      for (const size_t keys : {1, 3, 300}) {
        ModelShape shape;
        shape.kind = kind;
        shape.keys = keys;
        shape.compressible = compressible;
        sections.push_back(Section(shape, static_cast<uint32_t>(kind), static_cast<uint32_t>(keys)));
      }
    }
    std::shuffle(sections.begin(), sections.end(), random_);
    RoundTrip(sections);
  }
}

TEST_P(RunRoundTripTest, KeysOfOneHash) {
  for (const SectionKind kind : kKinds) {
    for (const uint64_t orders : {1, 20}) {
      for (const uint64_t subs : {uint64_t{1}, uint64_t{5}, UINT64_MAX}) {
        ModelShape shape;
        shape.kind = kind;
        shape.keys = 60;
        shape.orders = orders;
        shape.subs = subs;
        shape.per_key_max = 10;
        shape.compressible = false;
        RoundTrip({Section(shape)});
      }
    }
  }
}

TEST_P(RunRoundTripTest, RecordsOfAllSizes) {
  for (const SectionKind kind : {SectionKind::kValue, SectionKind::kList, SectionKind::kMap}) {
    for (const bool compressible : {true, false}) {
      for (const size_t size : {1000, 3000, 5000, 20'000, 100'000}) {
        ModelShape shape;
        shape.kind = kind;
        shape.keys = 40;
        shape.per_key_max = 3;
        shape.value_bytes_max = size;
        shape.compressible = compressible;
        RoundTrip({Section(shape), Section(shape, 1)});
      }
    }
  }
}

TEST_P(RunRoundTripTest, RecordsOfSeveralMebibytes) {
  for (const bool compressible : {true, false}) {
    ModelShape shape;
    shape.keys = 5;
    shape.value_bytes_max = 0;
    ModelSection section = Section(shape);
    for (ModelRecord& record : section.records) {
      record.fields.op = RecordOp::kBase;
      record.value.resize(3 << 20);
      for (char& byte : record.value) byte = compressible ? 'z' : static_cast<char>(random_());
    }
    RoundTrip({section});
  }
}

TEST_P(RunRoundTripTest, ManyTinySectionsSharePages) {
  std::vector<ModelSection> sections;
  for (uint32_t i = 0; i < 1500; ++i) {
    ModelShape shape;
    shape.kind = kKinds[i % 4];
    shape.keys = i % 5;
    shape.value_bytes_max = 20;
    sections.push_back(Section(shape, i % 3, i));
  }
  const std::shared_ptr<const RunFile> run = Write(sections);
  ASSERT_NE(run, nullptr);
  EXPECT_LT(run->bytes(), 1200 * kUnitBytes / 2) << "sections do not share pages";
  for (size_t i = 0; i < sections.size(); i += 101) {
    ExpectRun(engine_.get(), run, {sections[i]});
  }
}

TEST_P(RunRoundTripTest, AFileWithoutSectionsIsAFile) {
  const std::shared_ptr<const RunFile> run = Write({ModelSection()});
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->records(), 0u);
  EXPECT_TRUE(run->sections().empty());
  EXPECT_FALSE(run->FindSection(0, 0).has_value());
  EXPECT_EQ(run->metadata(), "metadata of 1.run");
}

TEST_P(RunRoundTripTest, ListsAndMapsAreReadKeyByKey) {
  for (const SectionKind kind : {SectionKind::kList, SectionKind::kMap}) {
    for (const uint64_t orders : {uint64_t{5}, UINT64_MAX}) {
      ModelShape shape;
      shape.kind = kind;
      shape.keys = 30;
      shape.orders = orders;
      shape.per_key_max = 300;
      shape.compressible = false;
      const ModelSection section = Section(shape);
      const std::shared_ptr<const RunFile> run = Write({section});
      ASSERT_NE(run, nullptr);
      BlockingLookup lookup(engine_.get());
      for (size_t begin = 0; begin < section.records.size();) {
        RecordKey key = section.records[begin].View();
        key.sub = 0;
        key.map_entry = false;
        key.map_key = BytesView();
        Result<const RunRecord*> found = lookup.Find(run, 0, RunLookup::Find::kKey, key);
        size_t at = begin;
        for (; at < section.records.size() && SameKey(section.records[at].View(), key); ++at) {
          ASSERT_TRUE(found.ok()) << found.status().ToString();
          ASSERT_NE(*found, nullptr);
          ASSERT_TRUE(SameRecord(**found, section.records[at].View())) << Describe(**found);
          found = lookup.Next();
        }
        ASSERT_TRUE(found.ok()) << found.status().ToString();
        ASSERT_EQ(*found, nullptr);
        begin = at;
      }
    }
  }
}

TEST_P(RunRoundTripTest, TimersAreReadFromATimeOn) {
  ModelShape shape;
  shape.kind = SectionKind::kTimer;
  shape.keys = 3000;
  shape.orders = 50;
  const ModelSection section = Section(shape);
  const std::shared_ptr<const RunFile> run = Write({section});
  ASSERT_NE(run, nullptr);
  BlockingLookup lookup(engine_.get());
  for (uint64_t order = 0; order <= 51; ++order) {
    RecordKey from;
    from.order = order;
    Result<const RunRecord*> found = lookup.Find(run, 0, RunLookup::Find::kFrom, from);
    for (const ModelRecord& record : section.records) {
      if (record.fields.order < order) continue;
      ASSERT_TRUE(found.ok()) << found.status().ToString();
      ASSERT_NE(*found, nullptr);
      ASSERT_TRUE(SameRecord(**found, record.View()));
      found = lookup.Next();
    }
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, nullptr);
  }
}

TEST_P(RunRoundTripTest, APointLookupTakesOneReadAndAbsentKeysHardlyAny) {
  ModelShape shape;
  shape.keys = 20'000;
  shape.delete_percent = 0;
  const ModelSection section = Section(shape);
  const std::shared_ptr<const RunFile> run = Write({section});
  ASSERT_NE(run, nullptr);
  BlockingLookup lookup(engine_.get());
  ASSERT_TRUE(lookup.Find(run, 0, RunLookup::Find::kOne, section.records[0].View()).ok());
  uint64_t before = engine_->counters().reads;
  for (size_t i = 0; i < 1000; ++i) {
    const Result<const RunRecord*> found =
        lookup.Find(run, 0, RunLookup::Find::kOne, section.records[i * 17 % section.records.size()].View());
    ASSERT_TRUE(found.ok() && *found != nullptr);
  }
  EXPECT_EQ(engine_->counters().reads - before, 1000u);
  before = engine_->counters().reads;
  for (size_t i = 0; i < 10'000; ++i) {
    RecordKey key;
    key.order = random_();
    key.key = "absent";
    const Result<const RunRecord*> found = lookup.Find(run, 0, RunLookup::Find::kOne, key);
    ASSERT_TRUE(found.ok() && *found == nullptr);
  }
  EXPECT_LT(engine_->counters().reads - before, 300u);
  EXPECT_GT(run->memory_bytes(), 20'000u * 10 / 8);
  const uint64_t with_index = run->memory_bytes();
  EXPECT_TRUE(run->TestAndClearUsed(0));
  EXPECT_FALSE(run->TestAndClearUsed(0));
  const uint64_t evicted = run->EvictIndex(0);
  EXPECT_EQ(evicted, with_index - run->memory_bytes());
  EXPECT_EQ(run->EvictIndex(0), 0u);
  const Result<const RunRecord*> again = lookup.Find(run, 0, RunLookup::Find::kOne, section.records[5].View());
  EXPECT_TRUE(again.ok() && *again != nullptr);
}

TEST_P(RunRoundTripTest, AGiantSectionIsWrittenInBoundedMemory) {
  RunWriterOptions options;
  options.name = "giant.run";
  options.file_id = 99;
  options.durable = false;
  const std::unique_ptr<RunWriter> writer = RunWriter::Create(engine_.get(), &directory_, options).value();
  ASSERT_TRUE(writer->BeginSection(3, 4, SectionKind::kMap).ok());
  constexpr uint64_t kEntries = 300'000;  // of one map, under one key
  std::string map_key;
  RunRecord record;
  record.order = 42;
  record.key = "the only key";
  record.generation = 7;
  ASSERT_TRUE(writer->Add(record).ok());
  const std::string value(64, 'v');
  record.map_entry = true;
  record.value = value;
  uint64_t memory_most = 0;
  for (uint64_t i = 0; i < kEntries; ++i) {
    map_key = "entry " + std::to_string(i);
    record.map_key = map_key;
    record.sub = i << 40;
    ASSERT_TRUE(writer->Add(record).ok());
    memory_most = std::max(memory_most, writer->memory_bytes());
  }
  EXPECT_LT(memory_most, 3u << 20);
  ASSERT_TRUE(writer->EndSection().ok());
  ASSERT_TRUE(writer->Finish().ok());
  const std::shared_ptr<const RunFile> run = RunFile::Open(engine_.get(), directory_, "giant.run").value();
  BlockingLookup lookup(engine_.get());
  uint64_t reads_most = 0;
  for (uint64_t i = 1; i < kEntries; i = i * 3 / 2 + 1) {
    map_key = "entry " + std::to_string(i);
    record.map_key = map_key;
    record.sub = i << 40;
    const uint64_t before = engine_->counters().reads;
    const Result<const RunRecord*> found = lookup.Find(run, 0, RunLookup::Find::kOne, record);
    ASSERT_TRUE(found.ok() && *found != nullptr);
    EXPECT_TRUE(SameRecord(**found, record));
    if (i > 1) reads_most = std::max(reads_most, engine_->counters().reads - before);
  }
  EXPECT_EQ(reads_most, 1u) << "an access to one entry must not grow with the map";
  SectionCursor cursor(engine_.get(), run, 0);
  uint64_t count = 0;
  for (Result<bool> next = cursor.Next(); next.ok() && *next; next = cursor.Next()) ++count;
  EXPECT_EQ(count, kEntries + 1);
  EXPECT_LT(cursor.memory_bytes(), 512u * 1024);
}

INSTANTIATE_TEST_SUITE_P(Engines, RunRoundTripTest, AllTestEngines(), TestEngineParam);

}  // namespace
}  // namespace spillway::spill
