// Iterators over a whole state: its keys, its (key, namespace) pairs, its entries.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/iterator.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

// Pins the tables of a range of key-groups that have anything, and lets go of each when it was walked.
class TablesIterator : public StateIterator {
 public:
  TablesIterator(State* state, uint32_t first, uint32_t last) : StateIterator(state) {
    size_t filled = 0;
    for (uint32_t group = first; group <= last; ++group) filled += state->table(group).root.count > 0 ? 1 : 0;
    pins_ = std::vector<Pin>(filled);
    charge().Set(256 + filled * sizeof(Pin));
    try {
      BeginViews(state, first, last);
    } catch (...) {
      TablesIterator::EndViews();  // no destructor will
      throw;
    }
  }
  ~TablesIterator() override { Finish(); }

  [[nodiscard]] bool failed() const { return failed_; }

  uint32_t Next(spw_item* out, uint32_t capacity) override {
    uint32_t count = 0;
    while (count < capacity && live_begin_ < live_end_) {
      if (!walking_) {
        Begin(pins_[live_begin_].view.root);
        walking_ = true;
      }
      out[count] = spw_item{};
      out[count].key_group = instance()->key_groups().first + pins_[live_begin_].group;
      if (Fill(&out[count])) {
        ++count;
        continue;
      }
      instance()->heap().EndView(&pins_[live_begin_++].view);
      walking_ = false;
    }
    return count;
  }

 protected:
  virtual void Begin(uint64_t root) = 0;
  // The next item of the table; false at its end.
  [[nodiscard]] virtual bool Fill(spw_item* item) = 0;

  void EndViews() override {
    while (live_begin_ < live_end_) instance()->heap().EndView(&pins_[live_begin_++].view);
  }

 private:
  struct Pin {
    View view;
    uint32_t group = 0;
  };

  void BeginViews(State* state, uint32_t first, uint32_t last) {
    for (uint32_t group = first; group <= last && !failed_; ++group) {
      if (state->table(group).root.count == 0) continue;
      Pin& pin = pins_[live_end_];
      pin.group = group;
      failed_ = !instance()->BeginOwnerView(state, group, &pin.view);
      if (!failed_) ++live_end_;
    }
  }

  std::vector<Pin> pins_;
  size_t live_begin_ = 0;  // the one that is walked
  size_t live_end_ = 0;
  bool walking_ = false;
  bool failed_ = false;
};

class KeysIterator final : public TablesIterator {
 public:
  // Without a namespace: all pairs.
  KeysIterator(State* state, std::optional<std::string> state_namespace)
      : TablesIterator(state, 0, state->instance()->group_count() - 1), namespace_(std::move(state_namespace)) {}

 private:
  void Begin(uint64_t root) override { nodes_ = HashTreeCursor(root); }
  bool Fill(spw_item* item) override {
    const Node* node = nodes_.Next();
    while (node != nullptr && namespace_ && NamespaceOf(node) != *namespace_) node = nodes_.Next();
    if (node == nullptr) return false;
    item->key = plugin::ToBytes(KeyOf(node));
    if (!namespace_) item->state_namespace = plugin::ToBytes(NamespaceOf(node));
    return true;
  }

  const std::optional<std::string> namespace_;
  HashTreeCursor nodes_;
};

class EntriesIterator final : public TablesIterator {
 public:
  using TablesIterator::TablesIterator;

 private:
  void Begin(uint64_t root) override { walk_ = EntryWalk(state()->kind(), alignment(), root); }
  bool Fill(spw_item* item) override {
    if (!walk_.Next(&entry_)) return false;
    item->key = plugin::ToBytes(entry_.key);
    item->state_namespace = plugin::ToBytes(entry_.state_namespace);
    item->timestamp = entry_.timestamp;
    if (state()->kind() == SPW_STATE_TIMER) return true;
    if (state()->kind() == SPW_STATE_MAP) item->map_key = plugin::ToBytes(entry_.map_key);
    item->value = {reinterpret_cast<const uint8_t*>(entry_.value.data()), entry_.value.size(), entry_.schema_id, 0};
    if (entry_.null) item->value = {nullptr, 0, entry_.schema_id, SPW_VIEW_NULL};
    return true;
  }

  EntryWalk walk_;
  WalkedEntry entry_;
};

template <typename Made>
StateIterator* Checked(std::unique_ptr<Made> made) {
  return made->failed() ? nullptr : made.release();
}

}  // namespace

StateIterator* IterateKeys(State* state, BytesView state_namespace) {
  return Checked(std::make_unique<KeysIterator>(state, std::string(state_namespace)));
}

StateIterator* IterateKeysAndNamespaces(State* state) {
  return Checked(std::make_unique<KeysIterator>(state, std::nullopt));
}

StateIterator* IterateEntries(State* state, uint32_t first, uint32_t last) {
  return Checked(std::make_unique<EntriesIterator>(state, first, last));
}

}  // namespace spillway::hybrid
