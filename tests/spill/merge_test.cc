// Merging runs, against the same rules applied to maps in memory; and merging what was merged.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "spill/merge_cursor.h"
#include "spill/run_lookup.h"
#include "spill/run_writer.h"
#include "spill/section_cursor.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class MergeTest : public TestOnEngines {
 protected:
  std::shared_ptr<const RunFile> Write(const ModelSection& section) {
    ++file_id_;
    Result<std::shared_ptr<const RunFile>> run =
        WriteRun(engine_.get(), directory_, std::to_string(file_id_) + ".run", file_id_, {section});
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return *run;
  }
  // Through a file, as compaction does it.
  ModelSection Merge(const std::vector<ModelSection>& newest_first, bool bottom) {
    ModelSection merged;
    merged.kind = newest_first.front().kind;
    std::vector<std::unique_ptr<SectionCursor>> cursors;
    std::vector<RecordSource*> borrowed;
    for (const ModelSection& section : newest_first) {
      if (section.records.empty()) continue;
      cursors.push_back(std::make_unique<SectionCursor>(engine_.get(), Write(section), 0, 4096));
      borrowed.push_back(cursors.back().get());
    }
    MergeCursor cursor(merged.kind, borrowed, bottom);
    RunWriterOptions options;
    options.name = std::to_string(++file_id_) + ".run";
    options.durable = false;
    const std::unique_ptr<RunWriter> writer = RunWriter::Create(engine_.get(), &directory_, options).value();
    EXPECT_TRUE(writer->BeginSection(0, 0, merged.kind).ok());
    Result<bool> next = cursor.Next();
    for (; next.ok() && *next; next = cursor.Next()) {
      const Status status = writer->Add(cursor.record());
      EXPECT_TRUE(status.ok()) << status.ToString() << ": " << Describe(cursor.record());
      merged.records.push_back(ModelRecord::Of(cursor.record()));
    }
    EXPECT_TRUE(next.ok()) << next.status().ToString();
    EXPECT_TRUE(writer->EndSection().ok());
    EXPECT_TRUE(writer->Finish().ok());
    return merged;
  }

  runtime::TemporaryFolder temporary_;
  Directory directory_ = Directory::Open(temporary_.path().string()).value();
  std::mt19937_64 random_{11};
  uint64_t file_id_ = 0;
};

TEST_P(MergeTest, GivesWhatTheModelGives) {
  for (const SectionKind kind : {SectionKind::kValue, SectionKind::kList, SectionKind::kMap, SectionKind::kTimer}) {
    for (int round = 0; round < 8; ++round) {
      std::vector<ModelSection> newest_first;
      for (size_t runs = 1 + random_() % 5, i = 0; i < runs; ++i) {
        ModelShape shape;
        shape.kind = kind;
        shape.keys = random_() % 120;
        shape.key_space = 60;
        shape.orders = round % 3 == 0 ? 4 : UINT64_MAX;
        shape.subs = round % 2 == 0 ? 3 : UINT64_MAX;
        shape.delete_percent = 30;
        shape.generation = runs - i;
        newest_first.push_back(RandomSection(&random_, shape));
      }
      for (const bool bottom : {false, true}) {
        const ModelSection merged = Merge(newest_first, bottom);
        ExpectRecords(merged.records, MergeModel(kind, newest_first, bottom));
        if (HasFatalFailure()) return;
      }
      // In two steps, the adjacent older ones first, it comes to the same.
      if (newest_first.size() < 3) continue;
      const std::vector<ModelSection> older(newest_first.begin() + 1, newest_first.end());
      const ModelSection twice = Merge({newest_first[0], Merge(older, false)}, true);
      ExpectRecords(twice.records, MergeModel(kind, newest_first, true));
      if (HasFatalFailure()) return;
    }
  }
}

ModelRecord Piece(RecordOp op, uint64_t sub, const std::string& value) {
  ModelRecord record;
  record.fields.op = op;
  record.fields.order = 1;
  record.fields.sub = sub;
  record.key = "k";
  record.value = value;
  return record;
}
ModelSection List(std::vector<ModelRecord> records) {
  ModelSection section;
  section.kind = SectionKind::kList;
  section.records = std::move(records);
  return section;
}

TEST_P(MergeTest, AnAppendAfterADeleteBecomesABase) {
  const ModelSection appended = List({Piece(RecordOp::kAppend, 0, "c"), Piece(RecordOp::kAppend, 1, "d")});
  const ModelSection deleted = List({Piece(RecordOp::kDelete, 0, "")});
  const ModelSection base = List({Piece(RecordOp::kBase, 0, "a"), Piece(RecordOp::kAppend, 1, "b")});
  for (const bool bottom : {false, true}) {
    ExpectRecords(Merge({appended, deleted, base}, bottom).records,
                  {Piece(RecordOp::kBase, 0, "c"), Piece(RecordOp::kAppend, 1, "d")});
    ExpectRecords(Merge({appended, base}, bottom).records,
                  {Piece(RecordOp::kBase, 0, "a"), Piece(RecordOp::kAppend, 1, "b"), Piece(RecordOp::kAppend, 2, "c"),
                   Piece(RecordOp::kAppend, 3, "d")});
  }
  ExpectRecords(Merge({deleted, base}, false).records, {Piece(RecordOp::kDelete, 0, "")});
  ExpectRecords(Merge({deleted, base}, true).records, {});
  ExpectRecords(Merge({appended}, false).records, appended.records);
  ExpectRecords(Merge({appended}, true).records, {Piece(RecordOp::kBase, 0, "c"), Piece(RecordOp::kAppend, 1, "d")});
}

// One map whose parts are in two runs and in memory, as its iteration sees it.
TEST_P(MergeTest, KeysAreMergedAlone) {
  ModelShape shape;
  shape.kind = SectionKind::kMap;
  shape.keys = 40;
  shape.key_space = 50;
  shape.per_key_max = 30;
  std::vector<ModelSection> newest_first;
  for (int i = 0; i < 3; ++i) newest_first.push_back(RandomSection(&random_, shape));
  class InMemory final : public RecordSource {
   public:
    explicit InMemory(const std::vector<ModelRecord>& records) : records_(records) {}
    Result<bool> Next() override {
      if (at_ == records_.size()) return false;
      record_ = records_[at_++].View();
      return true;
    }
    const RunRecord& record() const override { return record_; }

   private:
    const std::vector<ModelRecord>& records_;
    size_t at_ = 0;
    RunRecord record_;
  };
  const std::shared_ptr<const RunFile> runs[] = {Write(newest_first[1]), Write(newest_first[2])};
  size_t keys = 0;
  for (size_t i = 0; i < newest_first[2].records.size(); i += 7) {
    RecordKey key = newest_first[2].records[i].View();
    std::vector<ModelSection> of_key(3);
    for (size_t run = 0; run < 3; ++run) {
      for (const ModelRecord& record : newest_first[run].records) {
        if (SameKey(record.View(), key)) of_key[run].records.push_back(record);
      }
    }
    key.map_entry = false;
    key.sub = 0;
    key.map_key = BytesView();
    InMemory memory(of_key[0].records);
    KeyCursor newer(engine_.get(), runs[0], 0, key);
    KeyCursor older(engine_.get(), runs[1], 0, key);
    MergeCursor merged(SectionKind::kMap, {&memory, &newer, &older}, true);
    std::vector<ModelRecord> got;
    Result<bool> next = merged.Next();
    for (; next.ok() && *next; next = merged.Next()) got.push_back(ModelRecord::Of(merged.record()));
    ASSERT_TRUE(next.ok()) << next.status().ToString();
    ExpectRecords(got, MergeModel(SectionKind::kMap, of_key, true));
    if (HasFatalFailure()) return;
    ++keys;
  }
  EXPECT_GT(keys, 5u);
}

INSTANTIATE_TEST_SUITE_P(Engines, MergeTest, AllTestEngines(), TestEngineParam);

}  // namespace
}  // namespace spillway::spill
