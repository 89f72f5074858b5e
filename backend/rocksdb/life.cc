// Open, own, close, release; the current key and safepoints.
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/iterator.h"
#include "backend/rocksdb/key_encoding.h"
#include "backend/rocksdb/queries.h"
#include "backend/rocksdb/slot.h"
#include "backend/rocksdb/snapshot.h"
#include "spillway/key_groups.h"

namespace spillway::rocks {
namespace {

Status CheckInstanceName(std::string_view instance) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  constexpr size_t kNameBytesMax = 200;  // it becomes part of a file's name
  if (!instance.empty() && instance.size() <= kNameBytesMax && std::all_of(instance.begin(), instance.end(), allowed)) {
    return {};
  }
  return Status::InvalidArgument("the instance's name '" + std::string(instance) + "' must be 1 to " +
                                 std::to_string(kNameBytesMax) + " of A-Z, a-z, 0-9, '.', '_' and '-'");
}

Status CheckOptions(const spw_open_options& options) {
  if (options.max_parallelism < 1 || options.max_parallelism > kMaxParallelismLimit) {
    return Status::InvalidArgument("max_parallelism is " + std::to_string(options.max_parallelism) +
                                   "; it must be 1 to " + std::to_string(kMaxParallelismLimit));
  }
  if (options.key_groups.first > options.key_groups.last || options.key_groups.last >= options.max_parallelism) {
    return Status::InvalidArgument("key-groups " + std::to_string(options.key_groups.first) + " to " +
                                   std::to_string(options.key_groups.last) + " are not a range within 0 to " +
                                   std::to_string(options.max_parallelism - 1));
  }
  if (options.key_group_function == nullptr || *options.key_group_function == '\0') {
    return Status::InvalidArgument("key_group_function is not given; name the function that computes key-groups");
  }
  SPILLWAY_RETURN_IF_ERROR(CheckInstanceName(options.instance == nullptr ? "" : options.instance));
  if (options.local_dir_count == 0 || options.local_dirs == nullptr) {
    return Status::InvalidArgument("instance '" + std::string(options.instance) +
                                   "' was given no local directory; the rocksdb backend keeps its state in files and "
                                   "needs one");
  }
  for (const char* dir : std::span(options.local_dirs, options.local_dir_count)) {
    if (dir == nullptr || *dir == '\0') return Status::InvalidArgument("a local directory has no name");
  }
  return {};
}

Answer Open(const spw_open_options* options, const spw_host* host, spw_backend** out) {
  if (options == nullptr || host == nullptr) return Status::InvalidArgument("open needs options and a host");
  SPILLWAY_ASSIGN_OR_RETURN(std::unique_ptr<spw_backend> made, OpenBackend(*options, host, rocksdb::Env::Default()));
  *out = made.release();
  return SPW_OK;
}

void AnswerClosed(const std::vector<PendingQuery>& queries) {
  for (const PendingQuery& query : queries) query.answer(query.context, SPW_CLOSED, nullptr);
}

// Cancels the live snapshots, waits for those that are being written and takes what they hold of the database.
void EndSnapshots(spw_backend* backend) {
  std::unique_lock lock(backend->mutex);
  for (spw_snapshot* snapshot : backend->snapshots) snapshot->cancelled.store(true, std::memory_order_relaxed);
  backend->run_ended.wait(lock, [&] {
    return std::none_of(backend->snapshots.begin(), backend->snapshots.end(),
                        [](const spw_snapshot* snapshot) { return snapshot->running; });
  });
  for (spw_snapshot* snapshot : backend->snapshots) snapshot->Unpin();
}

Status CloseDatabase(spw_backend* backend, bool keep_files) {
  Status status;
  if (keep_files) {
    // There is no log, so what lies in memtables has to become files first.
    rocksdb::FlushOptions flush;
    for (const auto& [name, state] : backend->states) {
      const rocksdb::Status flushed = backend->database->Flush(flush, state->family.get());
      if (status.ok()) status = state->Named(flushed, "flush");
    }
  }
  rocksdb::CancelAllBackgroundWork(backend->database.get(), true);
  const std::lock_guard lock(backend->database_mutex);
  for (const auto& [name, state] : backend->states) {
    state->timers.reset();
    state->family.reset();
  }
  const rocksdb::Status closed = backend->database->Close();
  if (status.ok()) status = backend->FromDatabase(closed, "close");
  backend->database.reset();
  const Status ended = keep_files ? backend->directory->Keep() : backend->directory->Remove();
  return status.ok() ? ended : status;
}

Answer Close(spw_backend* backend, uint32_t flags) {
  std::vector<PendingQuery> queries;
  {
    const std::lock_guard lock(backend->mutex);
    SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
    backend->closed.store(true, std::memory_order_release);
    queries.swap(backend->queries);
  }
  AnswerClosed(queries);
  const bool keep_files = (flags & SPW_CLOSE_KEEP_LOCAL_FILES) != 0;
  Status status = keep_files ? backend->WriteUpdates() : Status();
  EndSnapshots(backend);
  for (spw_iterator* iterator : backend->iterators) iterator->Detach();
  backend->iterators.clear();
  backend->updates.Release();
  backend->arena.Release();
  backend->pinned.Release();
  const Status closed = CloseDatabase(backend, keep_files);
  SPILLWAY_RETURN_IF_ERROR(status.ok() ? closed : status);
  return SPW_OK;
}

Answer SetCurrentKey(spw_backend* backend, spw_bytes key, uint32_t key_group) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  SPILLWAY_RETURN_IF_ERROR(backend->CheckKeyGroup(key_group));
  SPILLWAY_RETURN_IF_ERROR(backend->CheckKey(key).WithContext("set_current_key"));
  backend->current_key.clear();
  AppendKey(key_group, plugin::ToStringView(key), &backend->current_key);
  return SPW_OK;
}

Answer Poll(spw_backend* backend, uint32_t* count) {
  *count = 0;  // get_async is not offered, so nothing completes
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  SPILLWAY_RETURN_IF_ERROR(backend->Safepoint());
  AnswerQueries(backend);
  backend->pinned.Release();
  return SPW_OK;
}

}  // namespace

Result<std::unique_ptr<spw_backend>> OpenBackend(const spw_open_options& options, const spw_host* host,
                                                 rocksdb::Env* env) {
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(options));
  SPILLWAY_ASSIGN_OR_RETURN(Settings settings, ParseSettings(std::span(options.config, options.config_count)));
  auto backend = std::make_unique<spw_backend>(options, host, std::move(settings));
  // Instances spread over the directories by their names.
  const std::string_view instance = options.instance;
  const uint32_t chosen = KeyGroupOf(instance, options.local_dir_count);
  SPILLWAY_ASSIGN_OR_RETURN(InstanceDirectory directory,
                            InstanceDirectory::Create(options.local_dirs[chosen], backend->instance));
  backend->directory.emplace(std::move(directory));
  const rocksdb::DBOptions database_options = MakeDatabaseOptions(backend->settings, backend->resources, env);
  const rocksdb::Options all(database_options, MakeColumnFamilyOptions(backend->settings, backend->resources));
  rocksdb::DB* database = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(all, backend->directory->database(), &database);
  backend->database.reset(database);
  if (!opened.ok()) {
    const Status status = backend->FromDatabase(opened, "open");
    (void)backend->directory->Remove().ok();  // the first error is the one that tells
    return status;
  }
  return backend;
}

void FillLifeSlots(spw_backend_api* api) {
  api->open = [](const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) noexcept {
    return Slot(err, [&] { return Open(options, host, out); });
  };
  api->bind_owner = [](spw_backend* backend, spw_error* err) noexcept {
    return Slot(err, [&]() -> Answer {
      SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
      return SPW_OK;  // the backend does not look at threads: the debug proxy does
    });
  };
  api->close = [](spw_backend* backend, uint32_t flags, spw_error* err) noexcept {
    return Slot(err, [&] { return Close(backend, flags); });
  };
  api->release = [](spw_backend* backend) noexcept {
    plugin::GuardVoid([&] { (void)Close(backend, 0).ok(); });
    delete backend;
  };
  api->set_current_key = [](spw_backend* backend, spw_bytes key, uint32_t key_group, spw_error* err) noexcept {
    return Slot(err, [&] { return SetCurrentKey(backend, key, key_group); });
  };
  api->end_record = [](spw_backend* backend) noexcept {
    plugin::GuardVoid([&] {
      if (backend->closed.load(std::memory_order_acquire)) return;
      (void)backend->Safepoint().ok();  // logged; the next poll or snapshot reports it while it lasts
    });
  };
  api->poll = [](spw_backend* backend, spw_completion*, uint32_t, uint32_t* count, spw_error* err) noexcept {
    return Slot(err, [&] { return Poll(backend, count); });
  };
}

}  // namespace spillway::rocks
