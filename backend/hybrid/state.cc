#include "backend/hybrid/state.h"

#include <algorithm>

#include "backend/hybrid/instance.h"
#include "backend/hybrid/key_walk.h"

namespace spillway::hybrid {

const char* KindName(spw_state_kind kind) {
  switch (kind) {
    case SPW_STATE_VALUE:
      return "value";
    case SPW_STATE_LIST:
      return "list";
    case SPW_STATE_MAP:
      return "map";
    case SPW_STATE_TIMER:
      return "timer";
  }
  return "unknown";
}

State::State(Instance* instance, snapshot::StateDescriptor descriptor, uint32_t group_count)
    : instance_(instance),
      descriptor_(std::move(descriptor)),
      alignment_(descriptor_.alignment),
      group_count_(group_count),
      tables_(std::make_unique<KeyGroupTable[]>(group_count)) {
  MemoryAccount& account = instance->heap().account();
  account.Take(sizeof(KeyGroupTable) * group_count);
  account.Add(Category::kIndex, sizeof(KeyGroupTable) * group_count);
  if (descriptor_.kind == SPW_STATE_TIMER) timer_heads_ = TimerHeads(group_count);
}

void State::DropTables() {
  MemoryAccount& account = instance_->heap().account();
  account.Subtract(Category::kIndex, sizeof(KeyGroupTable) * group_count_);
  account.Give(sizeof(KeyGroupTable) * group_count_);
  tables_.reset();
  group_count_ = 0;
}

snapshot::SchemaTable& State::schemas(spw_schema_role role) {
  switch (role) {
    case SPW_SCHEMA_KEY:
      return descriptor_.key_schemas;
    case SPW_SCHEMA_NAMESPACE:
      return descriptor_.namespace_schemas;
    case SPW_SCHEMA_MAP_KEY:
      return descriptor_.map_key_schemas;
    default:
      return descriptor_.value_schemas;
  }
}

HashTree State::TreeOf(uint32_t group) const {
  KeyGroupTable& table = tables_[group];
  return {&table.root, &table.versions, &instance_->heap(), node_alignment()};
}

bool State::HoldsNothing() const {
  return std::all_of(tables().begin(), tables().end(), [](const KeyGroupTable& table) { return table.empty(); });
}

Result<uint64_t> State::EntryCount() const {
  uint64_t count = 0;
  for (const KeyGroupTable& table : tables()) {
    if (table.spilled == nullptr) {
      count += table.root.count;
      continue;
    }
    // What is pinned stays as it is meanwhile even without a view: this is the owner.
    KeyWalk walk(kind(), alignment_, table.root.word, table.Pinned(), instance_->io());
    WalkedKey key;
    for (;;) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool any, walk.Next(&key));
      if (!any) break;
      ++count;
    }
  }
  return count;
}

}  // namespace spillway::hybrid
