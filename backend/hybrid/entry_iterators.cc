// Iterators over one list and one map.
#include <memory>
#include <string>
#include <vector>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/instance.h"
#include "backend/hybrid/iterator.h"
#include "backend/hybrid/list_state.h"
#include "backend/hybrid/list_walk.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/value_state.h"
#include "spillway/plugin/error.h"

namespace spillway::hybrid {
namespace {

// Pins the table that one entry is in.
class EntryIterator : public StateIterator {
 public:
  EntryIterator(State* state, uint32_t group) : StateIterator(state), group_(group) {
    live_ = instance()->BeginOwnerView(state, group, &view_);
  }
  ~EntryIterator() override { Finish(); }
  [[nodiscard]] bool failed() const { return !live_; }

 protected:
  [[nodiscard]] uint32_t group() const { return group_; }
  void EndViews() override {
    if (live_) instance()->heap().EndView(&view_);
    live_ = false;
  }

 private:
  const uint32_t group_;
  View view_;
  bool live_;
};

class ListIterator final : public EntryIterator {
 public:
  ListIterator(State* state, uint32_t group, const Piece* last) : EntryIterator(state, group) {
    walk_.Begin(last, alignment());
    charge().Set(256 + walk_.bytes());
  }

  uint32_t Next(spw_item* out, uint32_t capacity) override {
    uint32_t count = 0;
    BytesView element;
    uint32_t schema_id = 0;
    while (count < capacity && walk_.Next(&element, &schema_id)) {
      out[count] = spw_item{};
      out[count++].value = {reinterpret_cast<const uint8_t*>(element.data()), element.size(), schema_id, 0};
    }
    return count;
  }

 private:
  ListWalk walk_;
};

class MapIterator final : public EntryIterator {
 public:
  MapIterator(State* state, const EntryAddress& address, uint64_t entries)
      : EntryIterator(state, address.group),
        key_(address.probe.key),
        namespace_(address.probe.state_namespace),
        hash_(address.probe.hash),
        cursor_(entries) {}

  uint32_t Next(spw_item* out, uint32_t capacity) override {
    batch_.clear();
    while (batch_.size() < capacity) {
      const Node* entry = cursor_.Next();
      if (entry == nullptr) break;
      spw_item& item = out[batch_.size()] = spw_item{};
      item.map_key = plugin::ToBytes(KeyOf(entry));
      item.value = ViewOf(entry, alignment());
      batch_.push_back(entry);
    }
    charge().Set(256 + batch_.capacity() * sizeof(const Node*));
    return static_cast<uint32_t>(batch_.size());
  }

  Change Remove(uint32_t index) override {
    if (index >= batch_.size() || batch_[index] == nullptr) return Change::kNothingThere;
    RemoveMapEntry(state(), Address(), KeyOf(batch_[index]));
    batch_[index] = nullptr;
    return Change::kDone;
  }

  Change Replace(uint32_t index, spw_bytes value) override {
    if (index >= batch_.size() || batch_[index] == nullptr) return Change::kNothingThere;
    std::optional<BytesView> bytes;
    if (value.data != nullptr) bytes = plugin::ToStringView(value);
    const spw_code code = PutMapEntry(state(), Address(), KeyOf(batch_[index]), bytes);
    return code == SPW_OK ? Change::kDone : Change::kNoMemory;
  }

 private:
  [[nodiscard]] EntryAddress Address() const { return {{hash_, key_, namespace_}, group()}; }

  const std::string key_;
  const std::string namespace_;
  const uint64_t hash_;
  HashTreeCursor cursor_;
  std::vector<const Node*> batch_;  // null: removed
};

template <typename Made>
StateIterator* Checked(std::unique_ptr<Made> made) {
  return made->failed() ? nullptr : made.release();
}

}  // namespace

StateIterator* IterateList(State* state, const EntryAddress& address, const Node* node) {
  return Checked(std::make_unique<ListIterator>(state, address.group, LastPieceOf(ListHeaderOf(node))));
}

StateIterator* IterateMap(State* state, const EntryAddress& address, const Node* node) {
  return Checked(std::make_unique<MapIterator>(state, address, MapHeaderOf(node).entries.word));
}

}  // namespace spillway::hybrid
