// keys, keys_and_namespaces and entries: iterators over a whole state; and counting it.
//
// They stream from a RocksDB iterator, which sees the state as of the call, and hold one batch of items.
#include <algorithm>
#include <optional>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/iterator.h"
#include "backend/rocksdb/iterators.h"
#include "backend/rocksdb/key_encoding.h"
#include "backend/rocksdb/pair_scan.h"

namespace spillway::rocks {
namespace {

// Items of keys and of keys_and_namespaces.
class PairIterator final : public spw_iterator {
 public:
  // `of_namespace`: only the pairs of this namespace.
  PairIterator(spw_state* of, std::optional<std::string> of_namespace)
      : spw_iterator(of), of_namespace_(std::move(of_namespace)) {
    scan_.emplace(*of);
  }

  Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) override {
    batch_bytes_.Release();
    for (*count = 0; *count < capacity;) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, scan_->Next());
      if (!more) break;
      const DecodedKey& pair = scan_->pair();
      if (of_namespace_ && pair.state_namespace != *of_namespace_) continue;
      spw_item& item = out[(*count)++];
      item = {};
      item.key = Copy(pair.key);
      item.state_namespace = Copy(pair.state_namespace);
      item.key_group = pair.key_group;
    }
    return *count == 0 ? SPW_ABSENT : SPW_OK;
  }
  void Detach() override { scan_.reset(); }

 private:
  const std::optional<std::string> of_namespace_;
  std::optional<PairScan> scan_;
};

// Items of entries.
class EntryIterator final : public spw_iterator {
 public:
  EntryIterator(spw_state* of, std::string begin, std::string end) : spw_iterator(of) {
    scan_.emplace(backend->database.get(), state->family.get(), std::move(begin), std::move(end));
  }

  Answer Next(spw_item* out, uint32_t capacity, uint32_t* count) override {
    batch_bytes_.Release();
    for (*count = 0; *count < capacity && scan_->Valid();) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool filled, Fill(&out[*count]));
      if (filled) ++*count;
    }
    SPILLWAY_RETURN_IF_ERROR(state->Named(scan_->status(), "read from"));
    return *count == 0 ? SPW_ABSENT : SPW_OK;
  }
  void Detach() override { scan_.reset(); }

 private:
  // From where the scan stands, which moves on; false when there was nothing to be shown.
  Result<bool> Fill(spw_item* item) {
    *item = {};
    if (state->description.kind == SPW_STATE_TIMER) return FillTimer(item);
    DecodedKey key;
    if (!DecodeKey(scan_->key(), &key)) return state->Damaged();
    StoredValue value;
    bool last = true;
    if (state->description.kind == SPW_STATE_LIST) {
      if (!list_) list_.emplace(scan_->value());
      if (!list_->Next(&value)) {
        if (!list_->ok()) return state->Damaged();
        list_.reset();
        scan_->Next();
        return false;
      }
      last = false;
    } else if (!DecodeValue(scan_->value(), &value)) {
      return state->Damaged();
    }
    const bool hidden = state->IsHidden(value);
    if (!hidden) {
      item->key = Copy(key.key);
      item->state_namespace = Copy(key.state_namespace);
      if (state->description.kind == SPW_STATE_MAP) item->map_key = Copy(key.map_key);
      item->value = ShowCopy(value);
      item->key_group = key.key_group;
    }
    if (last) scan_->Next();
    return !hidden;
  }
  Result<bool> FillTimer(spw_item* item) {
    DecodedTimer timer;
    if (!DecodeTimer(scan_->key(), &timer)) return state->Damaged();
    item->key = Copy(timer.key);
    item->state_namespace = Copy(timer.state_namespace);
    item->timestamp = timer.timestamp;
    item->key_group = timer.key_group;
    scan_->Next();
    return true;
  }

  std::optional<Scan> scan_;
  std::optional<ListReader> list_;  // of the list that the scan stands at
};

// Whether the state can be iterated; what was handed out for update is in the database then.
Status Prepare(const spw_state& state) {
  SPILLWAY_RETURN_IF_ERROR(state.backend->CheckOpen());
  return state.Named(state.backend->WriteUpdates());
}

Status PreparePairs(const spw_state& state) {
  SPILLWAY_RETURN_IF_ERROR(state.backend->CheckOpen());
  if (state.description.kind == SPW_STATE_TIMER) {
    return state.Named(Status::InvalidArgument("is a timer state, which has no keys and namespaces of entries"));
  }
  return Prepare(state);
}

}  // namespace

Answer IterateKeys(spw_state* state, spw_bytes ns, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(PreparePairs(*state));
  if (ns.data == nullptr) {
    return state->Named(Status::InvalidArgument("needs a namespace; the void namespace is empty bytes"));
  }
  *out = new PairIterator(state, std::string(plugin::ToStringView(ns)));
  return SPW_OK;
}

Answer IteratePairs(spw_state* state, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(PreparePairs(*state));
  *out = new PairIterator(state, std::nullopt);
  return SPW_OK;
}

Answer IterateEntries(spw_state* state, spw_key_group_range range, spw_iterator** out) {
  SPILLWAY_RETURN_IF_ERROR(Prepare(*state));
  const spw_key_group_range& own = state->backend->key_groups;
  const uint32_t first = std::max(range.first, own.first);
  const uint32_t last = std::min(range.last, own.last);
  std::string begin = KeyGroupBegin(first);
  std::string end = first <= last ? KeyGroupBegin(last + 1) : begin;
  *out = new EntryIterator(state, std::move(begin), std::move(end));
  return SPW_OK;
}

Answer CountEntries(spw_state* state, uint64_t* out) {
  SPILLWAY_RETURN_IF_ERROR(Prepare(*state));
  *out = 0;
  if (state->description.kind == SPW_STATE_TIMER) {
    const spw_key_group_range& own = state->backend->key_groups;
    Scan scan(state->backend->database.get(), state->family.get(), KeyGroupBegin(own.first),
              KeyGroupBegin(own.last + 1), {.fill_cache = false});
    for (; scan.Valid(); scan.Next()) ++*out;
    SPILLWAY_RETURN_IF_ERROR(state->Named(scan.status(), "read from"));
    return SPW_OK;
  }
  PairScan scan(*state, {.fill_cache = false});
  while (true) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool more, scan.Next());
    if (!more) return SPW_OK;
    ++*out;
  }
}

}  // namespace spillway::rocks
