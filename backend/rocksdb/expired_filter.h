// The compaction filter of value, list and map states: drops what has expired by time-to-live.
//
// RocksDB makes one filter for each compaction and calls it from its own threads. Leaving out an expired value lets
// nothing older come back: RocksDB turns it into a tombstone where older versions may lie below. Of lists, and of what
// was appended to them and has not met its list yet, expired elements are left out, and the list with the last of them.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <memory>

#include "backend/rocksdb/time_to_live.h"
#include "spillway/plugin/abi.h"

namespace spillway::rocks {

class ExpiredFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  // The host outlives the database.
  ExpiredFilterFactory(std::shared_ptr<const TimeToLive> time_to_live, const spw_host& host, spw_state_kind kind)
      : time_to_live_(std::move(time_to_live)), context_(host.context), now_ms_(host.now_ms), kind_(kind) {}

  // Null, which filters nothing, when the state has no time-to-live.
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;
  const char* Name() const override { return "spillway.ExpiredFilterFactory"; }

 private:
  const std::shared_ptr<const TimeToLive> time_to_live_;
  void* const context_;
  int64_t (*const now_ms_)(void*);
  const spw_state_kind kind_;
};

}  // namespace spillway::rocks
