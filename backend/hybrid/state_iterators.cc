// Iterators over a whole state: its keys, its (key, namespace) pairs, its entries.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/iterator.h"
#include "backend/hybrid/key_walk.h"
#include "backend/hybrid/refusal.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

// Pins the tables of a range of key-groups that have anything, and lets go of each when it was walked.
class TablesIterator : public StateIterator {
 public:
  TablesIterator(State* state, uint32_t first, uint32_t last) : StateIterator(state) {
    size_t filled = 0;
    for (uint32_t group = first; group <= last; ++group) filled += state->table(group).empty() ? 0 : 1;
    pins_ = std::vector<Pin>(filled);
    charge().Set(OwnBytes());
    try {
      BeginViews(state, first, last);
    } catch (...) {
      TablesIterator::EndViews();  // no destructor will
      throw;
    }
  }
  ~TablesIterator() override {
    Finish();
    if (!detached()) instance()->NoteItemsOutlive();
  }

  [[nodiscard]] bool failed() const { return failed_; }

  Result<uint32_t> Next(spw_item* out, uint32_t capacity) override {
    uint32_t count = 0;
    ClearItems();
    while (count < capacity && live_begin_ < live_end_) {
      const Pin& pin = pins_[live_begin_];
      if (!walking_) {
        Begin(pin.view.root, pin.runs);
        walking_ = true;
      }
      out[count] = spw_item{};
      out[count].key_group = instance()->key_groups().first + pin.group;
      SPILLWAY_ASSIGN_OR_RETURN(const bool any, Fill(&out[count]));
      if (!any) {
        EndFirst();
        continue;
      }
      ++count;
      if (pin.runs.empty()) continue;
      charge().Set(OwnBytes() + WalkBytes());
      if (items().full()) break;
    }
    return count;
  }

 protected:
  virtual void Begin(uint64_t root, const PinnedRuns& runs) = 0;
  // The next item of the table; false at its end.
  [[nodiscard]] virtual Result<bool> Fill(spw_item* item) = 0;
  [[nodiscard]] virtual uint64_t WalkBytes() const = 0;
  // Lets go of runs; a walk that is being destroyed does so by itself.
  virtual void EndWalk() {}

  // As an item shows them: bytes of a merge are copied, those of nodes stay where they are.
  [[nodiscard]] BytesView Shown(BytesView bytes, bool merged) { return merged ? items().Keep(bytes) : bytes; }

  void EndViews() override {
    while (live_begin_ < live_end_) EndFirst();
  }

 private:
  struct Pin {
    View view;
    PinnedRuns runs;
    uint32_t group = 0;
  };

  [[nodiscard]] uint64_t OwnBytes() const { return 256 + pins_.size() * sizeof(Pin); }

  void EndFirst() {
    Pin& pin = pins_[live_begin_++];
    if (walking_) EndWalk();
    walking_ = false;
    pin.runs = {};
    instance()->heap().EndView(&pin.view);
  }

  void BeginViews(State* state, uint32_t first, uint32_t last) {
    for (uint32_t group = first; group <= last && !failed_; ++group) {
      if (state->table(group).empty()) continue;
      Pin& pin = pins_[live_end_];
      pin.group = group;
      pin.runs = state->table(group).Pinned();
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
  ~KeysIterator() override { Finish(); }

 private:
  void Begin(uint64_t root, const PinnedRuns& runs) override {
    walk_ = KeyWalk(state()->kind(), alignment(), root, runs, instance()->io());
  }
  Result<bool> Fill(spw_item* item) override {
    WalkedKey key;
    do {
      SPILLWAY_ASSIGN_OR_RETURN(const bool any, walk_.Next(&key));
      if (!any) return false;
    } while (namespace_ && key.state_namespace != *namespace_);
    item->key = plugin::ToBytes(Shown(key.key, walk_.merged()));
    if (!namespace_) item->state_namespace = plugin::ToBytes(Shown(key.state_namespace, walk_.merged()));
    return true;
  }
  uint64_t WalkBytes() const override { return walk_.memory_bytes(); }
  void EndWalk() override { walk_ = KeyWalk(); }

  const std::optional<std::string> namespace_;
  KeyWalk walk_;
};

class EntriesIterator final : public TablesIterator {
 public:
  using TablesIterator::TablesIterator;
  ~EntriesIterator() override { Finish(); }

 private:
  void Begin(uint64_t root, const PinnedRuns& runs) override {
    walk_ = EntryWalk(state()->kind(), alignment(), root, runs, instance()->io());
  }
  Result<bool> Fill(spw_item* item) override {
    SPILLWAY_ASSIGN_OR_RETURN(const bool any, walk_.Next(&entry_));
    if (!any) return false;
    const bool merged = walk_.merged();
    item->key = plugin::ToBytes(Shown(entry_.key, merged));
    item->state_namespace = plugin::ToBytes(Shown(entry_.state_namespace, merged));
    item->timestamp = entry_.timestamp;
    if (state()->kind() == SPW_STATE_TIMER) return true;
    if (state()->kind() == SPW_STATE_MAP) item->map_key = plugin::ToBytes(Shown(entry_.map_key, merged));
    item->value = ItemValue(Shown(entry_.value, merged), entry_.null, entry_.schema_id);
    return true;
  }
  uint64_t WalkBytes() const override { return walk_.memory_bytes(); }
  void EndWalk() override { walk_ = EntryWalk(); }

  EntryWalk walk_;
  WalkedEntry entry_;
};

template <typename Made>
Result<StateIterator*> Checked(std::unique_ptr<Made> made) {
  if (made->failed()) return OutOfEpochs(*made->state());
  return made.release();
}

}  // namespace

Result<StateIterator*> IterateKeys(State* state, BytesView state_namespace) {
  return Checked(std::make_unique<KeysIterator>(state, std::string(state_namespace)));
}

Result<StateIterator*> IterateKeysAndNamespaces(State* state) {
  return Checked(std::make_unique<KeysIterator>(state, std::nullopt));
}

Result<StateIterator*> IterateEntries(State* state, uint32_t first, uint32_t last) {
  return Checked(std::make_unique<EntriesIterator>(state, first, last));
}

}  // namespace spillway::hybrid
