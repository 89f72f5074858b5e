#include "backend/rocksdb/list_merge_operator.h"

#include <rocksdb/slice.h>

namespace spillway::rocks {
namespace {

template <typename Slices>
void Concatenate(const Slices& slices, std::string* out) {
  size_t size = out->size();
  for (const rocksdb::Slice& slice : slices) size += slice.size();
  out->reserve(size);
  for (const rocksdb::Slice& slice : slices) out->append(slice.data(), slice.size());
}

}  // namespace

bool ListMergeOperator::FullMergeV2(const MergeOperationInput& merge_in, MergeOperationOutput* merge_out) const {
  if (merge_in.existing_value == nullptr && merge_in.operand_list.size() == 1) {
    merge_out->existing_operand = merge_in.operand_list.front();  // spares a copy
    return true;
  }
  std::string& merged = merge_out->new_value;
  merged.clear();  // iterators hand out what they merged before
  if (const rocksdb::Slice* existing = merge_in.existing_value) {
    size_t size = existing->size();
    for (const rocksdb::Slice& operand : merge_in.operand_list) size += operand.size();
    merged.reserve(size);
    merged.append(existing->data(), existing->size());
  }
  Concatenate(merge_in.operand_list, &merged);
  return true;
}

bool ListMergeOperator::PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& operands,
                                          std::string* merged, rocksdb::Logger*) const {
  Concatenate(operands, merged);
  return true;
}

}  // namespace spillway::rocks
