#include "runtime/graph/split_assignment.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/runtime/vector_source.h"

namespace spillway::runtime {
namespace {

class NamedSplits final : public SourceHandle {
 public:
  explicit NamedSplits(std::vector<std::string> ids) : ids_(std::move(ids)) {}
  Result<std::vector<SourceSplit>> DiscoverSplits() override {
    std::vector<SourceSplit> splits;
    for (const std::string& id : ids_) splits.push_back({id, ""});
    return splits;
  }
  [[nodiscard]] Status CheckRestored(const SourceSplit& split) override {
    return split.position == "gone" ? Status::InvalidState(split.id + " has changed") : Status();
  }
  [[nodiscard]] std::optional<uint64_t> SplitSize(const SourceSplit&) const override { return 10; }

 private:
  std::vector<std::string> ids_;
};

StreamNode SourceNode(std::vector<std::string> ids) {
  StreamNode node;
  node.name = "files";
  node.source = std::make_shared<NamedSplits>(std::move(ids));
  return node;
}

std::vector<std::string> Files(size_t count) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back("/data/file-" + std::to_string(i));
  return ids;
}

TEST(SplitNumberSet, HoldsRunsAndRoundTrips) {
  SplitNumberSet set;
  for (const uint64_t number : {5, 1, 2, 4, 9, 3, 3}) set.Add(number);
  for (const uint64_t number : {1, 2, 3, 4, 5, 9}) EXPECT_TRUE(set.Contains(number));
  for (const uint64_t number : {0, 6, 8, 10}) EXPECT_FALSE(set.Contains(number));
  EXPECT_EQ(set.count(), 6U);
  std::string bytes;
  ByteWriter out(&bytes);
  set.Encode(out);
  SplitNumberSet read;
  ByteReader in(bytes);
  ASSERT_TRUE(read.Decode(in, 10));
  EXPECT_EQ(read.count(), 6U);
  EXPECT_TRUE(read.Contains(9));
  ByteReader beyond(bytes);
  EXPECT_FALSE(read.Decode(beyond, 9));
}

TEST(SplitAssignment, EverySplitOnceAndTheSameInEveryRun) {
  const StreamNode node = SourceNode(Files(10));
  for (const uint32_t parallelism : {1U, 3U, 16U}) {
    const auto plan = PlanSource(node, nullptr, parallelism);
    ASSERT_TRUE(plan.ok());
    std::multiset<uint64_t> numbers;
    for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      for (const NumberedSplit& split : plan->subtasks[subtask].splits) {
        EXPECT_EQ(split.number % parallelism, subtask);
        numbers.insert(split.number);
      }
    }
    EXPECT_EQ(numbers, (std::multiset<uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(plan->size, 100U);
    EXPECT_TRUE(plan->size_known);
  }
}

TEST(SplitAssignment, ARestoreLeavesOutWhatIsFinishedAndKeepsPositions) {
  const StreamNode node = SourceNode(Files(6));
  const auto fresh = PlanSource(node, nullptr, 2);
  ASSERT_TRUE(fresh.ok());
  SourceCheckpoint checkpoint;
  checkpoint.split_count = fresh->subtasks[0].split_count;
  checkpoint.fingerprint = fresh->subtasks[0].fingerprint;
  checkpoint.finished.Add(0);
  checkpoint.finished.Add(3);
  checkpoint.started[1] = "row 7";
  SourceCheckpoint read;
  ASSERT_TRUE(DecodeSourceCheckpoint(EncodeSourceCheckpoint(checkpoint), &read).ok());
  const auto plan = PlanSource(node, &read, 3);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->subtasks[0].splits.size(), 2U);
  EXPECT_EQ(plan->subtasks[0].splits[0].number, 1U);
  EXPECT_EQ(plan->subtasks[0].splits[0].split.position, "row 7");
  EXPECT_EQ(plan->subtasks[0].splits[1].number, 5U);
  EXPECT_EQ(plan->subtasks[1].splits[0].number, 2U);
  EXPECT_EQ(plan->subtasks[2].splits[0].number, 4U);
  EXPECT_EQ(plan->subtasks[0].finished_before.count(), 2U);
  EXPECT_EQ(plan->subtasks[0].finished_before_size, 20U);
  EXPECT_EQ(plan->subtasks[1].finished_before.count(), 0U);
}

TEST(SplitAssignment, TensOfThousandsOfFinishedFilesCostAFewBytes) {
  SourceCheckpoint checkpoint;
  checkpoint.split_count = 20000;
  for (uint64_t i = 0; i < 19990; ++i) checkpoint.finished.Add(i);
  EXPECT_LT(EncodeSourceCheckpoint(checkpoint).size(), 40U);
}

TEST(SplitAssignment, AnotherInputIsRefused) {
  const auto before = PlanSource(SourceNode(Files(3)), nullptr, 1);
  ASSERT_TRUE(before.ok());
  SourceCheckpoint checkpoint;
  checkpoint.split_count = 3;
  checkpoint.fingerprint = before->subtasks[0].fingerprint;
  EXPECT_TRUE(PlanSource(SourceNode(Files(3)), &checkpoint, 1).ok());
  const auto more = PlanSource(SourceNode(Files(4)), &checkpoint, 1);
  EXPECT_EQ(more.status().code(), StatusCode::kInvalidState);
  const auto renamed = PlanSource(SourceNode({"/data/file-0", "/data/other", "/data/file-2"}), &checkpoint, 1);
  EXPECT_EQ(renamed.status().code(), StatusCode::kInvalidState);
  EXPECT_NE(renamed.status().message().find("files"), std::string::npos);
  checkpoint.started[1] = "gone";
  const auto changed = PlanSource(SourceNode(Files(3)), &checkpoint, 1);
  EXPECT_EQ(changed.status().code(), StatusCode::kInvalidState);
  EXPECT_NE(changed.status().message().find("/data/file-1 has changed"), std::string::npos);
}

TEST(SplitAssignment, SplitsOfOneNameAreRefused) {
  EXPECT_EQ(PlanSource(SourceNode({"/a", "/a"}), nullptr, 1).status().code(), StatusCode::kInvalidArgument);
}

TEST(SplitAssignment, DamagedPositionsAreCorruption) {
  SourceCheckpoint checkpoint;
  checkpoint.split_count = 5;
  checkpoint.finished.Add(2);
  checkpoint.started[4] = "here";
  const std::string blob = EncodeSourceCheckpoint(checkpoint);
  for (size_t size = 0; size < blob.size(); ++size) {
    SourceCheckpoint read;
    EXPECT_FALSE(DecodeSourceCheckpoint(BytesView(blob).substr(0, size), &read).ok()) << size;
  }
  SourceCheckpoint read;
  EXPECT_EQ(DecodeSourceCheckpoint("\x7f" + blob.substr(1), &read).code(), StatusCode::kVersionMismatch);
}

}  // namespace
}  // namespace spillway::runtime
