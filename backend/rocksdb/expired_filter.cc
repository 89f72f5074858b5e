#include "backend/rocksdb/expired_filter.h"

#include <string>
#include <utility>

#include "spillway/bytes.h"

namespace spillway::rocks {
namespace {

class ExpiredFilter final : public rocksdb::CompactionFilter {
 public:
  ExpiredFilter(std::shared_ptr<const TimeToLive> time_to_live, int64_t now_ms, spw_state_kind kind)
      : time_to_live_(std::move(time_to_live)), now_ms_(now_ms), kind_(kind) {}

  Decision FilterV2(int, const rocksdb::Slice&, ValueType type, const rocksdb::Slice& existing, std::string* changed,
                    std::string*) const override {
    const BytesView stored(existing.data(), existing.size());
    if (kind_ == SPW_STATE_LIST && (type == ValueType::kValue || type == ValueType::kMergeOperand)) {
      return FilterList(stored, changed);
    }
    if (type != ValueType::kValue) return Decision::kKeep;
    StoredValue value;
    return DecodeValue(stored, &value) && time_to_live_->IsExpired(value, now_ms_) ? Decision::kRemove
                                                                                   : Decision::kKeep;
  }
  const char* Name() const override { return "spillway.ExpiredFilter"; }

 private:
  Decision FilterList(BytesView stored, std::string* changed) const {
    ListReader reader(stored);
    bool any_expired = false;
    StoredValue element;
    while (!any_expired && reader.Next(&element)) any_expired = time_to_live_->IsExpired(element, now_ms_);
    if (!any_expired) return Decision::kKeep;
    ListReader again(stored);
    while (again.Next(&element)) {
      if (time_to_live_->IsExpired(element, now_ms_)) continue;
      AppendElement(element.bytes, ValueTrailer(element.schema_id, false, element.has_stamp, element.stamp), changed);
    }
    if (!again.ok()) return Decision::kKeep;  // a reader will report it
    return changed->empty() ? Decision::kRemove : Decision::kChangeValue;
  }

  const std::shared_ptr<const TimeToLive> time_to_live_;
  const int64_t now_ms_;
  const spw_state_kind kind_;
};

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> ExpiredFilterFactory::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context&) {
  if (!time_to_live_->enabled()) return nullptr;
  return std::make_unique<ExpiredFilter>(time_to_live_, now_ms_(context_), kind_);
}

}  // namespace spillway::rocks
