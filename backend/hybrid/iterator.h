// What stands behind spw_iterator: walks over pinned tables, held by the host, registered with its instance.
//
// Owner thread only, except that after the instance is closed, which takes the views away (Detach), any thread may
// delete one. Items are bytes of pinned nodes: they outlive what is done to the live state, and the view's end until
// the next safepoint.
#pragma once

#include <cstdint>

#include "backend/hybrid/memory_account.h"
#include "backend/hybrid/state.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"

namespace spillway::hybrid {

class StateIterator {
 public:
  explicit StateIterator(State* state);
  virtual ~StateIterator();
  StateIterator(const StateIterator&) = delete;
  StateIterator& operator=(const StateIterator&) = delete;

  // Up to `capacity` items; the count, 0 at the end.
  [[nodiscard]] virtual uint32_t Next(spw_item* out, uint32_t capacity) = 0;
  // Of the index-th item of the last batch; kNotOfMap for all but map iterators.
  enum class Change { kDone, kNotOfMap, kNothingThere, kNoMemory };
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
  // Ends all views it holds; called once, by the destructors of those that hold any, or by Detach.
  virtual void EndViews() = 0;
  // What a destructor of a class with views calls first.
  void Finish();
  [[nodiscard]] IoCharge& charge() { return charge_; }
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
};

// Those of the ABI's slots; nullptr when a view cannot be had.
[[nodiscard]] StateIterator* IterateKeys(State* state, BytesView state_namespace);
[[nodiscard]] StateIterator* IterateKeysAndNamespaces(State* state);
// `first` and `last`: indexes into the instance's key-groups.
[[nodiscard]] StateIterator* IterateEntries(State* state, uint32_t first, uint32_t last);
// The list or map must be there, in `node`.
[[nodiscard]] StateIterator* IterateList(State* state, const EntryAddress& address, const Node* node);
[[nodiscard]] StateIterator* IterateMap(State* state, const EntryAddress& address, const Node* node);

}  // namespace spillway::hybrid
