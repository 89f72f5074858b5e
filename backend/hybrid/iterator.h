// What stands behind spw_iterator: walks over pinned tables, held by the host, registered with its instance.
//
// Owner thread only, except that after the instance is closed, which takes the views away (Detach), any thread may
// delete one. Items are bytes of pinned nodes: they outlive what is done to the live state, and the view's end until
// the next safepoint. Or they are copies of what was read from runs, which the iterator keeps until the next batch, and
// leaves to the instance until the next safepoint.
#pragma once

#include <cstdint>
#include <memory>

#include "backend/hybrid/item_buffer.h"
#include "backend/hybrid/memory_account.h"
#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class StateIterator {
 public:
  explicit StateIterator(State* state);
  virtual ~StateIterator();
  StateIterator(const StateIterator&) = delete;
  StateIterator& operator=(const StateIterator&) = delete;

  // Up to `capacity` items; the count, 0 at the end. Fails when runs cannot be read, and then always.
  [[nodiscard]] virtual Result<uint32_t> Next(spw_item* out, uint32_t capacity) = 0;
  // Of the index-th item of the last batch; kNotOfMap for all but map iterators.
  enum class Change { kDone, kNotOfMap, kNothingThere, kNoMemory, kFailed };  // kFailed: see TakeFailure
  [[nodiscard]] virtual Change Remove(uint32_t /*index*/) { return Change::kNotOfMap; }
  [[nodiscard]] virtual Change Replace(uint32_t /*index*/, spw_bytes /*value*/) { return Change::kNotOfMap; }

  // The instance closes: views end, nothing is read any more.
  void Detach();
  [[nodiscard]] Instance* instance() const { return instance_; }
  [[nodiscard]] State* state() const { return state_; }

  // The instance's list.
  [[nodiscard]] StateIterator* next_registered() const { return next_; }
  void LinkBefore(StateIterator* next);
  void Unlink();

 protected:
  [[nodiscard]] bool detached() const { return detached_; }
  // Ends all views it holds, and what reads runs, unless it was done before. Called by the destructors of those that
  // hold any, and by Detach.
  virtual void EndViews() = 0;
  // What a destructor of a class with views calls first.
  void Finish();
  [[nodiscard]] IoCharge& charge() { return charge_; }
  // The copies of this batch; made when first asked for.
  [[nodiscard]] ItemBuffer& items();
  // The batch before ends: its copies go.
  void ClearItems() {
    if (items_ != nullptr) items_->Clear();
  }
  // Of the values that are walked: the state's when the iterator was made. An empty state may be given a stronger one
  // while what it held before is still pinned here.
  [[nodiscard]] uint32_t alignment() const { return alignment_; }

 private:
  const plugin::HandleCount counted_;
  Instance* const instance_;
  State* const state_;
  const uint32_t alignment_;
  bool detached_ = false;
  StateIterator* previous_ = nullptr;
  StateIterator* next_ = nullptr;
  IoCharge charge_;
  std::unique_ptr<ItemBuffer> items_;
};

// What every item but those of timers shows of its value.
[[nodiscard]] inline spw_view ItemValue(BytesView value, bool null, uint32_t schema_id) {
  if (null) return {nullptr, 0, schema_id, SPW_VIEW_NULL};
  return {reinterpret_cast<const uint8_t*>(value.data()), value.size(), schema_id, 0};
}

// Those of the ABI's slots; an error when a view cannot be had.
[[nodiscard]] Result<StateIterator*> IterateKeys(State* state, BytesView state_namespace);
[[nodiscard]] Result<StateIterator*> IterateKeysAndNamespaces(State* state);
// `first` and `last`: indexes into the instance's key-groups.
[[nodiscard]] Result<StateIterator*> IterateEntries(State* state, uint32_t first, uint32_t last);
// Null when there is no such list or map. What runs hold of it is looked at then, which can fail.
[[nodiscard]] Result<StateIterator*> IterateList(State* state, const EntryAddress& address);
[[nodiscard]] Result<StateIterator*> IterateMap(State* state, const EntryAddress& address);

}  // namespace spillway::hybrid
