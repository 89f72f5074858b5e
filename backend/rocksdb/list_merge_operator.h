// The merge operator of list states: a list is the concatenation of what was appended, see stored_value.h.
//
// RocksDB calls it from any of its threads. It neither fails nor looks into the elements.
#pragma once

#include <rocksdb/merge_operator.h>

namespace spillway::rocks {

class ListMergeOperator final : public rocksdb::MergeOperator {
 public:
  bool FullMergeV2(const MergeOperationInput& merge_in, MergeOperationOutput* merge_out) const override;
  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operands, std::string* merged,
                         rocksdb::Logger* logger) const override;
  const char* Name() const override { return "spillway.ListMergeOperator"; }
};

}  // namespace spillway::rocks
