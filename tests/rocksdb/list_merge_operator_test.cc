#include "backend/rocksdb/list_merge_operator.h"

#include <gtest/gtest.h>
#include <rocksdb/slice.h>

#include <string>
#include <vector>

namespace spillway::rocks {
namespace {

std::string FullMerge(const char* existing, const std::vector<rocksdb::Slice>& operands) {
  const ListMergeOperator merge;
  const rocksdb::Slice key("key");
  const rocksdb::Slice base(existing == nullptr ? "" : existing);
  std::string result = "of an earlier merge";  // iterators hand this out
  rocksdb::Slice chosen(nullptr, 0);
  rocksdb::MergeOperator::MergeOperationOutput out(result, chosen);
  const rocksdb::MergeOperator::MergeOperationInput in(key, existing == nullptr ? nullptr : &base, operands, nullptr);
  EXPECT_TRUE(merge.FullMergeV2(in, &out));
  return chosen.data() == nullptr ? result : chosen.ToString();
}

TEST(ListMergeOperatorTest, AppendsInOrder) {
  EXPECT_EQ(FullMerge("a", {"b", "c"}), "abc");
  EXPECT_EQ(FullMerge(nullptr, {"b", "c", "b"}), "bcb");
  EXPECT_EQ(FullMerge(nullptr, {"only"}), "only");
  EXPECT_EQ(FullMerge("a", {"b"}), "ab");
}

TEST(ListMergeOperatorTest, OperandsCanBeMergedBeforeTheirBase) {
  const ListMergeOperator merge;
  std::string left;
  ASSERT_TRUE(merge.PartialMergeMulti("key", {"b", "c"}, &left, nullptr));
  EXPECT_EQ(left, "bc");
  EXPECT_EQ(FullMerge("a", {left, "d"}), FullMerge("a", {"b", "c", "d"}));
}

}  // namespace
}  // namespace spillway::rocks
