// What is in memory as records: their order, also where hashes are alike, and which of them a flush takes.
#include "backend/hybrid/table_source.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/hybrid/spilled_model.h"
#include "tests/spill/run_model.h"
#include "tests/support/io_engines.h"

namespace spillway::hybrid {
namespace {

using spill::ModelRecord;
using spill::RecordOp;

class TableSources : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<ModelRecord> Records(size_t index, bool only_dirty, bool deletes = true) {
    const State& state = *model_.state(index);
    const KeyGroupTable& table = state.table(0);
    TableSource source({state.kind(), state.alignment(), table.root.word, table.flushed_epoch(), only_dirty, deletes});
    const auto kind = static_cast<spill::SectionKind>(state.kind());
    std::vector<ModelRecord> records;
    while (source.Next().value()) {
      records.push_back(ModelRecord::Of(source.record()));
      EXPECT_EQ(records.back().fields.order,
                CombinedHash(HashOfBytes(records.back().key), records.back().state_namespace));
      if (records.size() == 1) continue;
      EXPECT_LT(spill::CompareKeys(kind, records[records.size() - 2].View(), records.back().View()), 0);
    }
    EXPECT_FALSE(source.Next().value());  // it stays at the end
    return records;
  }
  static std::string Shape(const std::vector<ModelRecord>& records) {
    std::string shape;
    for (const ModelRecord& record : records) {
      shape += record.fields.op == RecordOp::kBase ? 'b' : record.fields.op == RecordOp::kAppend ? 'a' : 'd';
      if (record.fields.map_entry) shape += record.map_key;
    }
    return shape;
  }
  void Flush() {
    model_.BeginFlush();
    model_.FinishFlush();
  }

  TestInstance instance_{1};
  std::unique_ptr<spill::IoEngine> engine_ = spill::MakeTestEngine(spill::TestEngine::kPread);
  SpilledModel model_{&instance_, engine_.get(), SeedOf(5), 100};
};

// Pairs of texts whose hashes have the same high half.
std::vector<std::pair<std::string, std::string>> AlikePairs(size_t count) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::unordered_map<uint32_t, uint32_t> seen;
  for (uint32_t i = 0; pairs.size() < count; ++i) {
    const std::string text = std::to_string(i);
    const auto [at, fresh] = seen.emplace(static_cast<uint32_t>(HashOfBytes(text) >> 32), i);
    if (!fresh) pairs.emplace_back(std::to_string(at->second), text);
  }
  return pairs;
}

TEST_F(TableSources, AreSortedByTheWholeHashWhereTheHighHalfIsTheSame) {
  bool turn = false;
  for (auto [one, other] : AlikePairs(10)) {
    if (std::exchange(turn, !turn)) std::swap(one, other);
    for (const std::string& key : {one, other}) {
      model_.PutValue({0, key, ""}, "value");
      model_.Append({0, key, ""}, {"element"});
      model_.Append({0, key, ""}, {"element"});
      model_.PutEntry({0, "map", ""}, key, "value");
      model_.PutEntry({0, key, ""}, "entry", "value");
    }
  }
  EXPECT_EQ(Records(0, false).size(), 20u);
  EXPECT_EQ(Records(1, false).size(), 40u);
  EXPECT_EQ(Records(2, false).size(), 20u + 1 + 20 * 2);
}

TEST_F(TableSources, GiveManyEntriesInOrder) {
  for (int i = 0; i < 50'000; ++i) {
    model_.PutValue({0, std::to_string(i), i % 3 == 0 ? "namespace" : ""}, std::to_string(i));
    model_.PutEntry({0, "map", ""}, std::to_string(i), std::to_string(i));
    model_.PutEntry({0, "map", std::to_string(i % 100)}, std::to_string(i), std::nullopt);
  }
  const std::vector<ModelRecord> values = Records(0, false);
  EXPECT_EQ(values.size(), 50'000u);
  for (const ModelRecord& record : values) ASSERT_EQ(record.key, record.value);
  const std::vector<ModelRecord> entries = Records(2, false);
  EXPECT_EQ(entries.size(), 100'101u);
  for (const ModelRecord& record : entries) {
    if (!record.fields.map_entry) continue;
    ASSERT_EQ(record.fields.sub, HashOfBytes(record.map_key));
    ASSERT_EQ(record.fields.value_is_null, !record.state_namespace.empty());
    ASSERT_EQ(record.value, record.fields.value_is_null ? "" : record.map_key);
  }
  EXPECT_EQ(Records(0, true).size(), 50'000u);
  Flush();
  EXPECT_EQ(Records(0, true).size(), 0u);
  EXPECT_EQ(Records(2, true).size(), 0u);
  EXPECT_EQ(Records(0, false).size(), 50'000u);
  model_.PutValue({0, "1", ""}, "changed");
  model_.RemoveValue({0, "2", ""});
  EXPECT_EQ(Records(0, true).size(), 2u);
  EXPECT_EQ(Records(0, true, false).size(), 1u);
}

TEST_F(TableSources, GiveOfAListWhatRunsDoNotHave) {
  const Place list{0, "list", ""};
  model_.Append(list, {"one"});
  model_.Append(list, {"two"});
  EXPECT_EQ(Shape(Records(1, true)), "ba");
  Flush();
  EXPECT_EQ(Shape(Records(1, true)), "");
  model_.Append(list, {"three"});
  EXPECT_EQ(Shape(Records(1, true)), "a");
  EXPECT_EQ(Shape(Records(1, false)), "baa");
  Flush();
  while (model_.state(1)->table(0).root.count > 0) model_.Evict();
  model_.Append(list, {"four"});  // partial now
  EXPECT_EQ(Shape(Records(1, true)), "a");
  EXPECT_EQ(Shape(Records(1, false)), "a");
  Flush();
  EXPECT_EQ(Shape(Records(1, false)), "");
  model_.ReplaceList(list, {"five"});
  EXPECT_EQ(Shape(Records(1, true)), "b");
  model_.RemoveList(list);
  EXPECT_EQ(Shape(Records(1, true)), "d");
  EXPECT_EQ(Shape(Records(1, false)), "d");
  EXPECT_EQ(Shape(Records(1, true, false)), "");
}

TEST_F(TableSources, GiveTheHeaderOfAMapWithWhatChanged) {
  const Place map{0, "map", ""};
  for (const char* key : {"a", "b", "c"}) model_.PutEntry(map, key, "value");
  EXPECT_EQ(Records(2, true).size(), 4u);
  EXPECT_TRUE(Records(2, true).front().value.empty());
  Flush();
  EXPECT_EQ(Shape(Records(2, true)), "");
  model_.PutEntry(map, "b", "changed");
  EXPECT_EQ(Shape(Records(2, true)), "bbb");
  model_.RemoveEntry(map, "b");
  EXPECT_EQ(Shape(Records(2, true)), "bdb");
  EXPECT_EQ(Records(2, false).size(), 4u);
  EXPECT_EQ(Shape(Records(2, true, false)), "b");
  const uint64_t generation = Records(2, true).front().fields.generation;
  EXPECT_EQ(Records(2, true).back().fields.generation, generation);
  model_.RemoveMap(map);
  EXPECT_EQ(Shape(Records(2, true)), "d");
  EXPECT_GT(Records(2, true).front().fields.generation, generation);
  EXPECT_EQ(Shape(Records(2, true, false)), "");
  const uint64_t cleared = Records(2, true).front().fields.generation;
  model_.PutEntry(map, "x", "value");
  EXPECT_EQ(Shape(Records(2, true)), "bbx");
  EXPECT_GT(Records(2, true).front().fields.generation, cleared);
}

TEST(PackedPieces, AreReadAsFarAsTheyAreWhole) {
  const std::string data{3, 0, 0, 0, 'a', 'b', 'c', 0, 2, 0, 0, 0, 'd', 'e'};
  for (size_t size = 0; size <= data.size(); ++size) {
    PackedPieceReader reader(BytesView(data).substr(0, size), 4);
    BytesView element;
    const bool first = reader.Next(&element);
    EXPECT_EQ(first, size >= 7);
    if (first) {
      EXPECT_EQ(element, "abc");
      EXPECT_EQ(reader.Next(&element), size == 14);
    }
    EXPECT_EQ(reader.ok(), size == 0 || size == 7 || size == 14);
    EXPECT_FALSE(reader.Next(&element));
  }
}

}  // namespace
}  // namespace spillway::hybrid
