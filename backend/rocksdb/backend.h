// An instance of the RocksDB backend: its database, its states, its current key, what waits for its owner.
//
// Belongs to the owner thread, but for what any thread may reach: queries and snapshots behind `mutex`, which is never
// held while the host is called; the database's figures behind `database_mutex`, which close takes exclusively; and
// atomics. A snapshot that is being written uses the database without a lock: close waits for it. Owns its states;
// iterators and snapshots are their holders', and close takes what they hold of the database.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "backend/rocksdb/database_options.h"
#include "backend/rocksdb/instance_directory.h"
#include "backend/rocksdb/settings.h"
#include "backend/rocksdb/state.h"
#include "backend/rocksdb/updates.h"
#include "backend/rocksdb/views.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/complete_host.h"
#include "spillway/plugin/guard.h"
#include "spillway/status.h"

namespace spillway::rocks {

// A query as it was submitted, copied.
struct PendingQuery {
  std::string state_name, key, state_namespace;
  std::optional<std::string> map_key;
  uint32_t key_group;
  void* context;
  void (*answer)(void*, spw_code, const spw_view*);
};

// Opens an instance; `env` is where RocksDB keeps its files, its default one but in tests.
Result<std::unique_ptr<spw_backend>> OpenBackend(const spw_open_options& options, const spw_host* host,
                                                 rocksdb::Env* env);

}  // namespace spillway::rocks

struct spw_backend {
  spw_backend(const spw_open_options& options, const spw_host* host_table, spillway::rocks::Settings parsed);

  [[nodiscard]] spillway::Status CheckOpen() const {
    return closed.load(std::memory_order_acquire) ? Closed() : spillway::Status();
  }
  // INVALID_ARGUMENT when the key-group is not one of this instance.
  [[nodiscard]] spillway::Status CheckKeyGroup(uint32_t key_group) const;
  // INVALID_ARGUMENT when it is null or larger than a snapshot can hold.
  [[nodiscard]] spillway::Status CheckKey(spw_bytes key) const;
  [[nodiscard]] spw_state* Find(std::string_view name);
  // A state with a column family of its own, not registered yet; `restoring`: about to be filled behind its back.
  spillway::Result<spw_state*> MakeState(spillway::snapshot::StateDescriptor description, bool restoring);
  // Takes a state and its column family away again.
  spillway::Status DropState(spw_state* state);
  // OK, or the error with the database's path.
  [[nodiscard]] spillway::Status FromDatabase(const rocksdb::Status& status, const char* cannot) const;

  // The owner's batch, empty.
  [[nodiscard]] rocksdb::WriteBatch& NewBatch();
  rocksdb::Status Write(rocksdb::WriteBatch* writes) { return database->Write(write_options, writes); }
  // Writes what was handed out for update; views of it stay.
  spillway::Status WriteUpdates();
  // Views end here. What was handed out for update is kept when it cannot be written, and the error returned.
  spillway::Status Safepoint();
  // Evicts from the block cache what memory_reclaim asked for.
  void GiveBackMemory();

  const spillway::plugin::HandleCount counted;
  const spillway::plugin::CompleteHost host;
  const uint32_t max_parallelism;
  const spw_key_group_range key_groups;
  const std::string key_group_function;
  const std::string instance;
  const spillway::rocks::Settings settings;

  spillway::rocks::Resources resources;
  std::optional<spillway::rocks::InstanceDirectory> directory;
  std::unique_ptr<rocksdb::DB> database;
  std::shared_mutex database_mutex;
  rocksdb::ReadOptions read_options;
  rocksdb::WriteOptions write_options;

  std::atomic<bool> closed{false};
  std::map<std::string, std::unique_ptr<spw_state>, std::less<>> states;
  bool restored = false;
  rocksdb::WriteBatch batch;
  std::string current_key;  // encoded up to the key; empty: none
  std::string scratch_key;
  std::string scratch_list;
  spillway::rocks::ByteArena arena;
  spillway::rocks::PinnedValues pinned;
  spillway::rocks::Updates updates;
  bool updates_failed = false;  // the last safepoint could not write them
  std::vector<spw_iterator*> iterators;

  std::atomic<uint64_t> share;
  std::atomic<uint64_t> reclaim_bytes{0};
  std::atomic<uint64_t> used_peak{0};
  std::atomic<uint64_t> held_bytes{0};  // arena and updates as of the last safepoint that had any
  std::atomic<uint64_t> snapshots_written{0};

  std::mutex mutex;
  std::vector<spillway::rocks::PendingQuery> queries;  // guarded by mutex
  std::unordered_set<spw_snapshot*> snapshots;         // guarded by mutex; not yet released
  std::condition_variable run_ended;                   // of any snapshot

 private:
  [[nodiscard]] spillway::Status Closed() const;
};
