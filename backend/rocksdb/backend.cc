#include "backend/rocksdb/backend.h"

#include <rocksdb/env.h>

#include <algorithm>

#include "backend/rocksdb/expired_filter.h"
#include "backend/rocksdb/list_merge_operator.h"
#include "backend/rocksdb/status_mapping.h"

using spillway::Result;
using spillway::Status;

spw_backend::spw_backend(const spw_open_options& options, const spw_host* host_table, spillway::rocks::Settings parsed)
    : host(host_table),
      max_parallelism(options.max_parallelism),
      key_groups(options.key_groups),
      key_group_function(options.key_group_function),
      instance(options.instance),
      settings(std::move(parsed)),
      resources(spillway::rocks::MakeResources(settings, options.memory_share_bytes)),
      share(options.memory_share_bytes) {
  write_options.disableWAL = true;
}

Status spw_backend::Closed() const {
  return Status::Closed("instance '" + instance + "' is closed");
}

Status spw_backend::CheckKeyGroup(uint32_t key_group) const {
  if (key_group >= key_groups.first && key_group <= key_groups.last) return {};
  return Status::InvalidArgument("key-group " + std::to_string(key_group) + " is not one of instance '" + instance +
                                 "', which owns " + std::to_string(key_groups.first) + " to " +
                                 std::to_string(key_groups.last));
}

Status spw_backend::CheckKey(spw_bytes key) const {
  if (key.data == nullptr) return Status::InvalidArgument("needs a key, and null was given");
  if (key.size <= spillway::snapshot::kKeyBytesMax) return {};
  return Status::InvalidArgument("was given a key of " + std::to_string(key.size) + " bytes, at most " +
                                 std::to_string(spillway::snapshot::kKeyBytesMax) + " are allowed");
}

spw_state* spw_backend::Find(std::string_view name) {
  const auto found = states.find(name);
  return found == states.end() ? nullptr : found->second.get();
}

Status spw_backend::FromDatabase(const rocksdb::Status& status, const char* cannot) const {
  if (status.ok()) return {};
  return spillway::rocks::FromRocksDb(status, std::string("cannot ") + cannot + " " + directory->database());
}

Result<spw_state*> spw_backend::MakeState(spillway::snapshot::StateDescriptor description, bool restoring) {
  auto state = std::make_unique<spw_state>();
  state->backend = this;
  state->description = std::move(description);
  state->time_to_live = std::make_shared<spillway::rocks::TimeToLive>();
  const spw_state_kind kind = state->description.kind;
  rocksdb::ColumnFamilyOptions options = spillway::rocks::MakeColumnFamilyOptions(settings, resources);
  if (kind == SPW_STATE_LIST) options.merge_operator = std::make_shared<spillway::rocks::ListMergeOperator>();
  if (kind != SPW_STATE_TIMER) {
    options.compaction_filter_factory =
        std::make_shared<spillway::rocks::ExpiredFilterFactory>(state->time_to_live, *host.table(), kind);
  }
  rocksdb::ColumnFamilyHandle* family = nullptr;
  const rocksdb::Status made = database->CreateColumnFamily(options, "state/" + state->description.name, &family);
  SPILLWAY_RETURN_IF_ERROR(state->Named(made, "make a column family in"));
  state->family.reset(family);
  if (kind == SPW_STATE_TIMER) {
    state->timers = std::make_unique<spillway::rocks::TimerQueue>(
        database.get(), family, key_groups, static_cast<size_t>(settings.timer_cache_size), restoring);
  }
  spw_state* raw = state.get();
  const std::string name = raw->description.name;
  {
    const std::lock_guard lock(database_mutex);  // metrics walk the states
    states.emplace(name, std::move(state));
    if (resources.write_buffers == nullptr && share.load(std::memory_order_relaxed) == 0) {
      resources.cache->SetCapacity(settings.block_cache_bytes * states.size());
    }
  }
  return raw;
}

Status spw_backend::DropState(spw_state* state) {
  const rocksdb::Status dropped = database->DropColumnFamily(state->family.get());
  const Status status = state->Named(dropped, "drop a column family in");
  const std::lock_guard lock(database_mutex);
  states.erase(states.find(state->description.name));
  return status;
}

rocksdb::WriteBatch& spw_backend::NewBatch() {
  constexpr size_t kKeptBytes = 1 << 20;
  if (batch.GetDataSize() > kKeptBytes) batch = rocksdb::WriteBatch();
  batch.Clear();
  return batch;
}

Status spw_backend::WriteUpdates() {
  if (updates.empty()) return {};
  rocksdb::WriteBatch& writes = NewBatch();
  rocksdb::Status added;
  updates.ForEachLive([&](const spillway::rocks::Update& update) {
    const spillway::rocks::ValueTrailer trailer = update.state->TrailerOfSchema(update.schema_id, false);
    const rocksdb::Slice key = spillway::rocks::ToSlice(update.key);
    const rocksdb::Slice parts[] = {spillway::rocks::ToSlice(update.bytes()), spillway::rocks::ToSlice(trailer.view())};
    const rocksdb::Status put = writes.Put(update.state->family.get(), {&key, 1}, {parts, 2});
    if (!put.ok()) added = put;
  });
  if (writes.Count() == 0) return {};
  return FromDatabase(added.ok() ? Write(&writes) : added, "write what was updated in place to");
}

Status spw_backend::Safepoint() {
  Status written;
  if (!updates.empty()) {
    written = WriteUpdates();
    held_bytes.store(arena.bytes() + updates.bytes(), std::memory_order_relaxed);
    if (written.ok()) updates.Release();
    if (!written.ok() && !updates_failed) host.Log(SPW_LOG_ERROR, ("rocksdb: " + written.message()).c_str());
    updates_failed = !written.ok();
  }
  arena.Release();
  pinned.Release();
  if (reclaim_bytes.load(std::memory_order_relaxed) != 0) GiveBackMemory();
  return written;
}

void spw_backend::GiveBackMemory() {
  const uint64_t bytes = reclaim_bytes.exchange(0, std::memory_order_relaxed);
  rocksdb::Cache& cache = *resources.cache;
  const size_t usage = cache.GetUsage();
  const size_t wanted = usage > bytes ? usage - bytes : 0;
  const size_t capacity = cache.GetCapacity();
  // Shrinking evicts at once what nothing refers to; the capacity itself is the share's and stays. A few steps, because
  // the shards of the cache each shrink to the same size, however full they are.
  constexpr int kStepsMax = 8;
  size_t shrunk = wanted;
  for (int step = 0; step < kStepsMax && cache.GetUsage() > wanted; ++step, shrunk -= shrunk / 4) {
    cache.SetCapacity(shrunk);
  }
  cache.SetCapacity(capacity);
}
