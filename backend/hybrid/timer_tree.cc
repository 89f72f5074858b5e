#include "backend/hybrid/timer_tree.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <tuple>

namespace spillway::hybrid {
namespace {

constexpr uint16_t kSmallLeaf = 4;
constexpr uint16_t kMiddleLeaf = 12;

bool Before(const TimerEntry& entry, const TimerView& timer) {
  return std::tie(entry.timestamp, entry.hash) < std::tie(timer.timestamp, timer.hash);
}

// The first entry of a leaf that is not before the timer.
uint32_t LeafIndex(const TimerNode* leaf, const TimerView& timer) {
  const TimerEntry* end = leaf->entries + leaf->count;
  const TimerEntry* found = std::lower_bound(leaf->entries, end, timer, Before);
  return static_cast<uint32_t>(found - leaf->entries);
}

// The child to which the timer belongs: the last one whose bound is not after it; the first one has no bound.
uint32_t ChildIndex(const TimerNode* node, const TimerView& timer) {
  const TimerEntry* begin = node->entries + 1;
  const TimerEntry* end = node->entries + node->count;
  const auto after = [](const TimerView& t, const TimerEntry& entry) {
    return std::tie(t.timestamp, t.hash) < std::tie(entry.timestamp, entry.hash);
  };
  return static_cast<uint32_t>(std::upper_bound(begin, end, timer, after) - begin);
}

bool Holds(const TimerNode* leaf, uint32_t index, const TimerView& timer) {
  return index < leaf->count && leaf->entries[index].timestamp == timer.timestamp &&
         leaf->entries[index].hash == timer.hash;
}

bool IsRecordOf(const TimerRecord* record, const TimerView& timer) {
  return record->key() == timer.key && record->state_namespace() == timer.state_namespace;
}

void InsertEntry(TimerNode* node, uint32_t index, const TimerEntry& entry) {
  std::copy_backward(node->entries + index, node->entries + node->count, node->entries + node->count + 1);
  node->entries[index] = entry;
  ++node->count;
}

void EraseEntry(TimerNode* node, uint32_t index) {
  std::copy(node->entries + index + 1, node->entries + node->count, node->entries + index);
  --node->count;
}

}  // namespace

TimerCursor::TimerCursor(uint64_t root) {
  for (const auto* node = reinterpret_cast<const TimerNode*>(root); node != nullptr;
       node = node->level == 0 ? nullptr : node->child(0)) {
    path_[depth_] = node;
    index_[depth_++] = 0;
  }
}

bool TimerCursor::Next(TimerView* timer) {
  if (depth_ == 0) return false;
  const TimerNode* leaf = path_[depth_ - 1];
  const TimerEntry& entry = leaf->entries[index_[depth_ - 1]];
  const TimerRecord* record = record_ != nullptr ? record_ : leaf->record(index_[depth_ - 1]);
  *timer = {entry.timestamp, entry.hash, record->key(), record->state_namespace()};
  record_ = record->next;
  if (record_ != nullptr) return true;
  const uint32_t full_depth = depth_;
  while (depth_ > 0 && ++index_[depth_ - 1] == path_[depth_ - 1]->count) --depth_;
  while (depth_ > 0 && depth_ < full_depth) {
    path_[depth_] = path_[depth_ - 1]->child(index_[depth_ - 1]);
    index_[depth_++] = 0;
  }
  return true;
}

const TimerRecord* TimerTree::FindRecord(const TimerView& timer) const {
  const TimerNode* node = root();
  if (node == nullptr) return nullptr;
  while (node->level > 0) node = node->child(ChildIndex(node, timer));
  const uint32_t index = LeafIndex(node, timer);
  if (!Holds(node, index, timer)) return nullptr;
  const TimerRecord* record = node->record(index);
  while (record != nullptr && !IsRecordOf(record, timer)) record = record->next;
  return record;
}

std::optional<TimerView> TimerTree::First() const {
  TimerView first;
  TimerCursor cursor(root_->word);
  if (!cursor.Next(&first)) return std::nullopt;
  return first;
}

TimerRecord* TimerTree::NewRecord(const TimerView& timer, Charge charge) {
  const uint64_t bytes = sizeof(TimerRecord) + timer.key.size() + timer.state_namespace.size();
  auto* record = static_cast<TimerRecord*>(heap_->Allocate(bytes, Category::kEntries, charge));
  if (record == nullptr) return nullptr;
  *record = {nullptr, versions_->Stamp(), static_cast<uint32_t>(timer.key.size()),
             static_cast<uint32_t>(timer.state_namespace.size()), 0};
  auto* at = reinterpret_cast<char*>(record + 1);
  if (!timer.key.empty()) std::memcpy(at, timer.key.data(), timer.key.size());
  if (!timer.state_namespace.empty()) {
    std::memcpy(at + timer.key.size(), timer.state_namespace.data(), timer.state_namespace.size());
  }
  return record;
}

TimerNode* TimerTree::NewNode(uint32_t level, uint16_t capacity, Charge charge) {
  auto* node = static_cast<TimerNode*>(heap_->Allocate(TimerNode::Bytes(capacity), Category::kIndex, charge));
  if (node == nullptr) return nullptr;
  node->version = versions_->Stamp();
  node->count = 0;
  node->capacity = capacity;
  node->level = level;
  node->reserved = 0;
  return node;
}

void TimerTree::RetireNode(TimerNode* node) {
  heap_->RetireIndex(versions_, node, node->version, TimerNode::Bytes(node->capacity));
}

TimerNode* TimerTree::WritableNode(TimerNode* node, Charge charge) {
  if (!versions_->IsFrozen(node->version)) return node;
  TimerNode* copy = NewNode(node->level, node->capacity, charge);
  if (copy == nullptr) return nullptr;
  copy->count = node->count;
  std::copy_n(node->entries, node->count, copy->entries);
  RetireNode(node);
  return copy;
}

TimerNode* TimerTree::SplitOff(TimerNode* node) {
  TimerNode* right = NewNode(node->level, TimerNode::kFanout, Charge::kWithinShare);
  if (right == nullptr) return nullptr;
  const auto kept = static_cast<uint16_t>(node->count / 2);
  right->count = static_cast<uint16_t>(node->count - kept);
  std::copy_n(node->entries + kept, right->count, right->entries);
  node->count = kept;
  return right;
}

bool TimerTree::MakeRoomInRoot() {
  TimerNode* node = root();
  if (node->count < node->capacity) return true;
  if (node->capacity < TimerNode::kFanout) {  // a small leaf
    const uint16_t capacity = node->capacity < kMiddleLeaf ? kMiddleLeaf : TimerNode::kFanout;
    TimerNode* grown = NewNode(0, capacity, Charge::kWithinShare);
    if (grown == nullptr) return false;
    grown->count = node->count;
    std::copy_n(node->entries, node->count, grown->entries);
    set_root(grown);
    RetireNode(node);
    return true;
  }
  TimerNode* top = NewNode(node->level + 1, TimerNode::kFanout, Charge::kWithinShare);
  if (top == nullptr) return false;
  top->entries[0] = {node->entries[0].timestamp, node->entries[0].hash, reinterpret_cast<uintptr_t>(node)};
  top->count = 1;
  if (!MakeRoomInChild(top, 0)) {
    heap_->Free(top, TimerNode::Bytes(top->capacity), Category::kIndex);
    return false;
  }
  set_root(top);
  return true;
}

bool TimerTree::MakeRoomInChild(TimerNode* parent, uint32_t index) {
  TimerNode* node = parent->child(index);
  if (node->count < node->capacity) return true;
  TimerNode* right = SplitOff(node);
  if (right == nullptr) return false;
  const TimerEntry& bound = right->entries[0];
  InsertEntry(parent, index + 1, {bound.timestamp, bound.hash, reinterpret_cast<uintptr_t>(right)});
  return true;
}

bool TimerTree::WritablePath(const TimerView& timer, bool make_room, Charge charge, Path* path) {
  TimerNode* node = WritableNode(root(), charge);
  if (node == nullptr) return false;
  set_root(node);
  if (make_room && !MakeRoomInRoot()) return false;
  node = root();
  while (node->level > 0) {
    uint32_t index = ChildIndex(node, timer);
    TimerNode* child = WritableNode(node->child(index), charge);
    if (child == nullptr) return false;
    node->entries[index].below = reinterpret_cast<uintptr_t>(child);
    if (make_room) {
      if (!MakeRoomInChild(node, index)) return false;
      index = ChildIndex(node, timer);
    }
    path->nodes[path->depth] = node;
    path->index[path->depth++] = index;
    node = node->child(index);
  }
  path->nodes[path->depth] = node;
  path->index[path->depth++] = LeafIndex(node, timer);
  return true;
}

TimerTree::Added TimerTree::Add(const TimerView& timer, Charge charge) {
  if (Contains(timer)) return Added::kWasThere;
  TimerRecord* record = NewRecord(timer, charge);
  if (record == nullptr) return Added::kNoMemory;
  if (root() == nullptr) {
    TimerNode* leaf = NewNode(0, kSmallLeaf, charge);
    if (leaf != nullptr) set_root(leaf);
  }
  Path path;
  if (root() == nullptr || !WritablePath(timer, true, charge, &path)) {
    heap_->Free(record, record->bytes(), Category::kEntries);
    return Added::kNoMemory;
  }
  TimerNode* leaf = path.nodes[path.depth - 1];
  const uint32_t index = path.index[path.depth - 1];
  if (Holds(leaf, index, timer)) {
    record->next = leaf->record(index);
    leaf->entries[index].below = reinterpret_cast<uintptr_t>(record);
  } else {
    InsertEntry(leaf, index, {timer.timestamp, timer.hash, reinterpret_cast<uintptr_t>(record)});
  }
  ++root_->count;
  return Added::kYes;
}

bool TimerTree::Remove(const TimerView& timer) {
  if (root() == nullptr || !Contains(timer)) return false;
  Path path;
  if (!WritablePath(timer, false, Charge::kOverdraft, &path)) return false;
  RemoveFromLeaf(timer, path);
  --root_->count;
  MendUpwards(path);
  return true;
}

void TimerTree::RemoveFromLeaf(const TimerView& timer, const Path& path) {
  TimerNode* leaf = path.nodes[path.depth - 1];
  const uint32_t index = path.index[path.depth - 1];
  // Records may be frozen: those in front of the removed one are copied.
  const TimerRecord* rest = leaf->record(index);
  TimerRecord* copied = nullptr;
  while (!IsRecordOf(rest, timer)) {
    TimerRecord* copy =
        NewRecord({timer.timestamp, timer.hash, rest->key(), rest->state_namespace()}, Charge::kOverdraft);
    copy->next = copied;
    copied = copy;
    rest = rest->next;
  }
  const TimerRecord* const removed = rest;
  const TimerRecord* const first = leaf->record(index);
  const TimerRecord* chain = removed->next;
  while (copied != nullptr) {
    TimerRecord* next = const_cast<TimerRecord*>(copied->next);
    copied->next = chain;
    chain = copied;
    copied = next;
  }
  if (chain == nullptr) {
    EraseEntry(leaf, index);
  } else {
    leaf->entries[index].below = reinterpret_cast<uintptr_t>(chain);
  }
  // Only now that the tree leads to none of them.
  for (const TimerRecord* old = first;;) {
    const TimerRecord* next = old->next;
    const bool last = old == removed;
    heap_->RetireObject(versions_, const_cast<TimerRecord*>(old), old->birth, old->bytes());
    if (last) break;
    old = next;
  }
}

void TimerTree::MendUpwards(const Path& path) {
  for (uint32_t i = path.depth - 1; i > 0; --i) {
    TimerNode* parent = path.nodes[i - 1];
    const uint32_t index = path.index[i - 1];
    if (path.nodes[i]->count == 0) {
      RetireNode(path.nodes[i]);
      EraseEntry(parent, index);
    } else if (path.nodes[i]->count < TimerNode::kFanout / 4) {
      if (index + 1 < parent->count) {
        TryMerge(parent, index);
      } else if (index > 0) {
        TryMerge(parent, index - 1);
      }
    }
  }
  TimerNode* top = root();
  while (top->level > 0 && top->count == 1) {
    TimerNode* below = top->child(0);
    RetireNode(top);
    set_root(below);
    top = below;
  }
  if (top->count == 0) {
    RetireNode(top);
    set_root(nullptr);
  }
}

void TimerTree::TryMerge(TimerNode* parent, uint32_t left_index) {
  TimerNode* right = parent->child(left_index + 1);
  if (parent->child(left_index)->count + right->count > TimerNode::kFanout * 3 / 4) return;
  TimerNode* left = nullptr;
  try {
    left = WritableNode(parent->child(left_index), Charge::kOverdraft);
  } catch (const std::bad_alloc&) {
    return;  // failing to merge is no failure, and the removal that led here is done
  }
  parent->entries[left_index].below = reinterpret_cast<uintptr_t>(left);
  const TimerEntry bound = parent->entries[left_index + 1];
  std::copy_n(right->entries, right->count, left->entries + left->count);
  if (left->level > 0) {  // the first child of `right` had no bound of its own
    left->entries[left->count].timestamp = bound.timestamp;
    left->entries[left->count].hash = bound.hash;
  }
  left->count = static_cast<uint16_t>(left->count + right->count);
  RetireNode(right);
  EraseEntry(parent, left_index + 1);
}

}  // namespace spillway::hybrid
