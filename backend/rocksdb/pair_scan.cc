#include "backend/rocksdb/pair_scan.h"

#include "backend/rocksdb/backend.h"

namespace spillway::rocks {

PairScan::PairScan(const spw_state& state, const ScanOptions& options)
    : state_(state),
      scan_(state.backend->database.get(), state.family.get(), KeyGroupBegin(state.backend->key_groups.first),
            KeyGroupBegin(state.backend->key_groups.last + 1), options) {}

Result<bool> PairScan::Next() {
  if (begun_) SkipRestOfPair();
  for (; scan_.Valid(); scan_.Next()) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool visible, IsVisible());
    if (!visible) continue;
    if (!DecodeKey(scan_.key(), &pair_)) return state_.Damaged();
    prefix_.assign(scan_.key().substr(0, pair_.prefix_bytes));
    if (!DecodeKey(prefix_, &pair_)) return state_.Damaged();  // again, so that it borrows from our copy
    begun_ = true;
    return true;
  }
  SPILLWAY_RETURN_IF_ERROR(state_.Named(scan_.status(), "read from"));
  begun_ = false;
  return false;
}

Result<bool> PairScan::IsVisible() const {
  if (!state_.time_to_live->enabled()) return true;
  StoredValue value;
  if (state_.description.kind != SPW_STATE_LIST) {
    if (!DecodeValue(scan_.value(), &value)) return state_.Damaged();
    return !state_.IsHidden(value);
  }
  ListReader reader(scan_.value());
  while (reader.Next(&value)) {
    if (!state_.IsHidden(value)) return true;
  }
  if (!reader.ok()) return state_.Damaged();
  return false;
}

void PairScan::SkipRestOfPair() {
  scan_.Next();
  if (state_.description.kind != SPW_STATE_MAP) return;
  constexpr int kStepsMax = 16;  // about what a seek costs
  for (int step = 0; scan_.Valid() && scan_.key().starts_with(prefix_); ++step) {
    if (step == kStepsMax) {
      scan_.Seek(PrefixEnd(prefix_));
      return;
    }
    scan_.Next();
  }
}

}  // namespace spillway::rocks
