#include "backend/rocksdb/timer_queue.h"

#include <rocksdb/write_batch.h>

#include <memory>

namespace spillway::rocks {
namespace {

constexpr uint64_t kNodeBytes = 32 + sizeof(std::string) + 16;  // of a tree, with what malloc puts around it

uint32_t KeyGroupOfTimer(BytesView timer) {
  DecodedTimer decoded;
  return DecodeTimer(timer, &decoded) ? decoded.key_group : 0;  // our own encoding: it decodes
}
int64_t TimestampOf(BytesView timer) {
  DecodedTimer decoded;
  return DecodeTimer(timer, &decoded) ? decoded.timestamp : 0;
}

}  // namespace

TimerQueue::TimerQueue(rocksdb::DB* database, rocksdb::ColumnFamilyHandle* family, spw_key_group_range key_groups,
                       size_t cache_size, bool may_hold_timers)
    : database_(database),
      family_(family),
      range_(key_groups),
      cache_size_(cache_size),
      loaded_(!may_hold_timers),
      groups_(key_groups.last - key_groups.first + 1) {
  write_options_.disableWAL = true;
}

rocksdb::Status TimerQueue::Load() {
  if (loaded_) return rocksdb::Status::OK();
  heads_.clear();
  cached_bytes_ = 0;
  for (uint32_t key_group = range_.first; key_group <= range_.last; ++key_group) {
    Of(key_group).cache.clear();
    rocksdb::Status status = Refill(key_group, KeyGroupBegin(key_group));
    if (!status.ok()) return status;
  }
  loaded_ = true;
  return rocksdb::Status::OK();
}

rocksdb::Status TimerQueue::Refill(uint32_t key_group, const std::string& after) {
  KeyGroup& group = Of(key_group);
  const std::string end = KeyGroupBegin(key_group + 1);
  const rocksdb::Slice upper_bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator(options, family_));
  iterator->Seek(after);
  if (iterator->Valid() && iterator->key() == rocksdb::Slice(after)) iterator->Next();
  for (; iterator->Valid() && group.cache.size() < cache_size_; iterator->Next()) {
    const auto added = group.cache.emplace_hint(group.cache.end(), iterator->key().data(), iterator->key().size());
    cached_bytes_ += kNodeBytes + added->size();
  }
  group.complete = !iterator->Valid();
  HeadComes(key_group);
  return iterator->status();
}

const std::string* TimerQueue::First() const {
  if (heads_.empty()) return nullptr;
  return &*groups_[heads_.begin()->second - range_.first].cache.begin();
}

void TimerQueue::HeadLeaves(uint32_t key_group) {
  const KeyGroup& group = Of(key_group);
  if (!group.cache.empty()) heads_.erase({TimestampOf(*group.cache.begin()), key_group});
}

void TimerQueue::HeadComes(uint32_t key_group) {
  const KeyGroup& group = Of(key_group);
  if (!group.cache.empty()) heads_.emplace(TimestampOf(*group.cache.begin()), key_group);
}

void TimerQueue::Erase(KeyGroup* group, std::set<std::string, std::less<>>::iterator timer) {
  cached_bytes_ -= kNodeBytes + timer->size();
  group->cache.erase(timer);
}

void TimerQueue::CacheAdded(const std::string& timer) {
  const uint32_t key_group = KeyGroupOfTimer(timer);
  KeyGroup& group = Of(key_group);
  if (!group.complete && timer > *group.cache.rbegin()) return;
  HeadLeaves(key_group);
  if (group.cache.insert(timer).second) cached_bytes_ += kNodeBytes + timer.size();
  if (group.cache.size() > cache_size_) {
    Erase(&group, std::prev(group.cache.end()));
    group.complete = false;
  }
  HeadComes(key_group);
}

rocksdb::Status TimerQueue::Add(const std::vector<std::string>& timers, bool* head_changed) {
  *head_changed = false;
  if (rocksdb::Status status = Load(); !status.ok()) return status;
  rocksdb::WriteBatch batch;
  for (const std::string& timer : timers) {
    if (Of(KeyGroupOfTimer(timer)).cache.contains(timer)) continue;
    // One beyond the cache may be there already: putting it again changes nothing.
    if (rocksdb::Status status = batch.Put(family_, timer, rocksdb::Slice()); !status.ok()) return status;
  }
  if (batch.Count() == 0) return rocksdb::Status::OK();
  if (rocksdb::Status status = database_->Write(write_options_, &batch); !status.ok()) return status;
  const std::string before = First() == nullptr ? std::string() : *First();  // no timer is empty
  for (const std::string& timer : timers) CacheAdded(timer);
  *head_changed = *First() != before;
  return rocksdb::Status::OK();
}

rocksdb::Status TimerQueue::Remove(const std::string& timer, bool* removed, bool* head_changed) {
  *removed = *head_changed = false;
  if (rocksdb::Status status = Load(); !status.ok()) return status;
  const uint32_t key_group = KeyGroupOfTimer(timer);
  KeyGroup& group = Of(key_group);
  const auto cached = group.cache.find(timer);
  if (cached == group.cache.end()) {
    if (group.complete || timer < *group.cache.rbegin()) return rocksdb::Status::OK();
    rocksdb::PinnableSlice value;
    const rocksdb::Status found = database_->Get(rocksdb::ReadOptions(), family_, timer, &value);
    if (found.IsNotFound()) return rocksdb::Status::OK();
    if (!found.ok()) return found;
  }
  if (rocksdb::Status status = database_->Delete(write_options_, family_, timer); !status.ok()) return status;
  *removed = true;
  if (cached == group.cache.end()) return rocksdb::Status::OK();
  *head_changed = &*cached == First();
  HeadLeaves(key_group);
  Erase(&group, cached);
  if (group.cache.empty() && !group.complete) {
    loaded_ = false;  // until the refill has succeeded
    if (rocksdb::Status status = Refill(key_group, timer); !status.ok()) return rocksdb::Status::OK();
    loaded_ = true;
    return rocksdb::Status::OK();
  }
  HeadComes(key_group);
  return rocksdb::Status::OK();
}

rocksdb::Status TimerQueue::Peek(const std::string** timer) {
  *timer = nullptr;
  if (rocksdb::Status status = Load(); !status.ok()) return status;
  *timer = First();
  return rocksdb::Status::OK();
}

rocksdb::Status TimerQueue::PollDue(int64_t up_to, size_t capacity, std::vector<std::string>* polled) {
  polled->clear();
  if (rocksdb::Status status = Load(); !status.ok()) return status;
  rocksdb::WriteBatch batch;
  while (polled->size() < capacity && !heads_.empty() && heads_.begin()->first <= up_to) {
    loaded_ = false;  // until all has succeeded
    const uint32_t key_group = heads_.begin()->second;
    KeyGroup& group = Of(key_group);
    HeadLeaves(key_group);
    std::string timer = *group.cache.begin();
    Erase(&group, group.cache.begin());
    if (rocksdb::Status status = batch.Delete(family_, timer); !status.ok()) return status;
    if (group.cache.empty() && !group.complete) {
      if (rocksdb::Status status = Refill(key_group, timer); !status.ok()) return status;
    } else {
      HeadComes(key_group);
    }
    polled->push_back(std::move(timer));
  }
  if (polled->empty()) return rocksdb::Status::OK();
  if (rocksdb::Status status = database_->Write(write_options_, &batch); !status.ok()) return status;
  loaded_ = true;
  return rocksdb::Status::OK();
}

}  // namespace spillway::rocks
