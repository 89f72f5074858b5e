// One backend instance: its states, its heap, its current key, and what refers to it from outside.
//
// Owner thread only, but for: closed(), heap().account(), queries and snapshots (see their headers). The handle
// `spw_backend` is a pointer to it. Owns states and heap; iterators and snapshots are the host's, registered here so
// that Close can take from them what they hold of the heap.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/hybrid/hashing.h"
#include "backend/hybrid/heap.h"
#include "backend/hybrid/item_buffer.h"
#include "backend/hybrid/query_queue.h"
#include "backend/hybrid/shown_nodes.h"
#include "backend/hybrid/snapshot_registry.h"
#include "backend/hybrid/state.h"
#include "spill/io_engine.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/complete_host.h"
#include "spillway/plugin/guard.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class Spiller;
class StateIterator;

// Raising this gives an instance more memory; named in messages.
inline constexpr const char* kMemoryBudgetKey = "state.backend.spillway.memory.budget";

class Instance {
 public:
  static Result<std::unique_ptr<Instance>> Open(const spw_open_options& options, const spw_host* host);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Ends it: see the ABI. False when it was closed already.
  bool Close();
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }

  [[nodiscard]] const plugin::CompleteHost& host() const { return host_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] uint32_t max_parallelism() const { return max_parallelism_; }
  [[nodiscard]] const std::string& key_group_function() const { return key_group_function_; }
  [[nodiscard]] spw_key_group_range key_groups() const { return key_groups_; }
  [[nodiscard]] uint32_t group_count() const { return key_groups_.last - key_groups_.first + 1; }
  [[nodiscard]] bool Owns(uint32_t key_group) const {
    return key_group >= key_groups_.first && key_group <= key_groups_.last;
  }
  [[nodiscard]] Heap& heap() { return heap_; }
  // Null: there are no local directories, and everything stays in memory.
  [[nodiscard]] Spiller* spiller() { return spiller_.get(); }

  [[nodiscard]] State* FindState(std::string_view name);
  [[nodiscard]] const std::vector<std::unique_ptr<State>>& states() const { return states_; }
  State* AddState(snapshot::StateDescriptor descriptor);
  [[nodiscard]] uint32_t IndexOf(const State& state) const;
  // Undoes all AddState of a restore that failed.
  void DropStates();
  [[nodiscard]] bool restored() const { return restored_; }
  void set_restored() { restored_ = true; }

  void SetCurrentKey(BytesView key, uint32_t key_group);
  [[nodiscard]] bool has_current_key() const { return has_current_key_; }
  // Of the current key; has_current_key() holds.
  [[nodiscard]] EntryAddress CurrentAddress(BytesView state_namespace) const {
    return {{CombinedHash(current_hash_, state_namespace), current_key_, state_namespace}, current_group_};
  }
  [[nodiscard]] EntryAddress AddressOf(BytesView key, uint32_t key_group, BytesView state_namespace) const;

  // The owner's; null when the instance has no local directories.
  [[nodiscard]] spill::IoEngine* io() const;
  // For tests: runs are read by this engine, though there are no local directories.
  void UseEngine(std::unique_ptr<spill::IoEngine> engine) { io_ = std::move(engine); }
  // With which threads of this instance open engines of their own.
  [[nodiscard]] const spill::IoEngineOptions& engine_options() const;

  // Views of the host end here. With steps, FreeMemory follows.
  void Safepoint(uint64_t reclaim_steps);
  // What a safepoint lets go: frees at most so many retired objects, evicts when the share is nearly used up.
  void FreeMemory(uint64_t reclaim_steps);
  // A value, or an entry of a map, that the host may look at or write in place until the next safepoint.
  void NoteShown(Node* node) {
    Touch(node);
    shown_.Add(node);
  }
  // A list or map that is to stay in memory until then.
  void NoteShownCollection(Node* node) {
    Touch(node);
    shown_.AddCollection(node->hash);
  }
  [[nodiscard]] const ShownNodes& shown() const { return shown_; }
  // Whether it can be told what the host sees.
  [[nodiscard]] bool may_evict() const { return !items_outlive_ && !shown_.overflown(); }
  // Begins views of a table from inside a record: nodes that the host may still write in place stay in the live table,
  // the view gets copies.
  [[nodiscard]] bool BeginOwnerView(State* state, uint32_t group, View* view);

  // Ends views that were handed back, between safepoints.
  void EndHandedBack();
  // The host may look, until the next safepoint, at items of an iterator over a whole state that it has released.
  void NoteItemsOutlive() { items_outlive_ = true; }
  // Whether a snapshot may be holding views.
  [[nodiscard]] bool snapshots_run() { return snapshots_.size() > 0; }

  // What an operation failed by, when its code is not in itself enough: kept until it is told to the host.
  spw_code Fail(Status status) {
    failure_ = std::move(status);
    return static_cast<spw_code>(failure_.code());
  }
  [[nodiscard]] Status TakeFailure() { return std::exchange(failure_, Status()); }

  // Counted together over all states, those in memory; any thread may read.
  void CountEntries(int64_t more) {
    entries_.store(entries_.load(std::memory_order_relaxed) + static_cast<uint64_t>(more), std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }

  // Of a map that comes into being; see MapHeader.
  [[nodiscard]] uint64_t NextGeneration() { return ++generation_; }

  void Register(StateIterator* iterator);
  void Unregister(StateIterator* iterator);
  // Bytes that an iterator gave, which was released meanwhile.
  void KeepUntilSafepoint(std::unique_ptr<ItemBuffer> items);
  [[nodiscard]] SnapshotRegistry& snapshots() { return snapshots_; }
  [[nodiscard]] QueryQueue& queries() { return queries_; }

 private:
  Instance(const spw_open_options& options, const spw_host* host);
  // What the host may be writing in place stays in the live table; the view gets copies.
  void KeepShownInPlace(State* state, uint32_t group, View* view);

  const plugin::HandleCount counted_;
  const plugin::CompleteHost host_;
  const std::string name_;
  const std::string key_group_function_;
  const uint32_t max_parallelism_;
  const spw_key_group_range key_groups_;
  std::atomic<bool> closed_{false};
  std::atomic<uint64_t> entries_{0};
  Heap heap_;
  std::vector<std::unique_ptr<State>> states_;
  std::unique_ptr<Spiller> spiller_;
  std::unique_ptr<spill::IoEngine> io_;  // for tests
  bool restored_ = false;
  uint64_t generation_ = 0;

  bool has_current_key_ = false;
  std::string current_key_;
  uint64_t current_hash_ = 0;
  uint32_t current_group_ = 0;

  ShownNodes shown_;
  bool items_outlive_ = false;
  Status failure_;
  std::unique_ptr<ItemBuffer> kept_items_;  // a list
  StateIterator* iterators_ = nullptr;      // a list through the iterators
  QueryQueue queries_;
  SnapshotRegistry snapshots_;
};

}  // namespace spillway::hybrid
