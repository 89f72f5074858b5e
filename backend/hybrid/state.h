// One state of an instance: its description, its schemas, and a table per key-group.
//
// Owner thread only, but for name and kind, which never change. Owned by its instance; the handle `spw_state` of the
// ABI is a pointer to it. The tables' memory is the heap's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/key_group_table.h"
#include "backend/hybrid/timer_heads.h"
#include "snapshot/keyed_state_file.h"
#include "spillway/plugin/abi.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class Instance;

// Where an entry is.
struct EntryAddress {
  Probe probe;
  uint32_t group = 0;  // index into the instance's key-groups
};

// The value of a list state's node. Of a tombstone: all zero.
struct ListHeader {
  uint64_t last;     // the last piece
  uint32_t created;  // version since when there is this list: none of its pieces is older
  uint16_t partial;  // 1: these pieces come behind others that runs hold
  uint16_t loaded;   // 1: complete, and its clean pieces are what runs hold, so that only dirty ones are to be written
};
static_assert(sizeof(ListHeader) == 16);

// The value of a map state's node: the map is a tree of its own. Of a tombstone: no entries, and the generation.
struct MapHeader {
  TreeRoot entries;     // with tombstones
  uint64_t generation;  // records of this map in runs that have a lower one are void
  uint32_t created;     // as in ListHeader
  uint32_t tombstones;  // among the entries
  uint32_t partial;     // 1: runs may hold entries that are not here
  uint32_t reserved;
};
static_assert(sizeof(MapHeader) == 40);

[[nodiscard]] const char* KindName(spw_state_kind kind);

class State {
 public:
  State(Instance* instance, snapshot::StateDescriptor descriptor, uint32_t group_count);
  ~State() { DropTables(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // The instance closes. Before its heap forgets what the tables lead to.
  void DropTables();

  [[nodiscard]] Instance* instance() const { return instance_; }
  [[nodiscard]] const std::string& name() const { return descriptor_.name; }
  [[nodiscard]] spw_state_kind kind() const { return descriptor_.kind; }
  [[nodiscard]] const snapshot::StateDescriptor& descriptor() const { return descriptor_; }
  [[nodiscard]] snapshot::SchemaTable& schemas(spw_schema_role role);
  [[nodiscard]] bool registered() const { return registered_; }
  void set_registered() { registered_ = true; }
  // Of values, elements and map values.
  [[nodiscard]] uint32_t alignment() const { return alignment_; }
  void set_alignment(uint32_t alignment) { alignment_ = descriptor_.alignment = alignment; }
  [[nodiscard]] uint32_t value_schema() const { return descriptor_.value_schemas.current; }

  // What nodes of the key-groups' tables hold: values themselves, or headers of lists and maps.
  [[nodiscard]] uint32_t node_alignment() const { return kind() == SPW_STATE_VALUE ? alignment_ : alignof(uint64_t); }
  [[nodiscard]] std::span<KeyGroupTable> tables() const { return {tables_.get(), group_count_}; }
  [[nodiscard]] KeyGroupTable& table(uint32_t group) const { return tables_[group]; }
  [[nodiscard]] HashTree TreeOf(uint32_t group) const;
  // Neither entries nor what hides some: not a byte was written under the present alignment.
  [[nodiscard]] bool HoldsNothing() const;
  // (key, namespace) pairs; of a timer state, timers. Reads all of the tables that were ever flushed.
  [[nodiscard]] Result<uint64_t> EntryCount() const;

  // Timer states only.
  [[nodiscard]] TimerHeads& timer_heads() { return timer_heads_; }

 private:
  Instance* const instance_;
  snapshot::StateDescriptor descriptor_;
  uint32_t alignment_;
  bool registered_ = false;
  uint32_t group_count_;
  std::unique_ptr<KeyGroupTable[]> tables_;
  TimerHeads timer_heads_;
};

}  // namespace spillway::hybrid
