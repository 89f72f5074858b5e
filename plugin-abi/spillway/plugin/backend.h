// The plugin ABI for hosts in C++, continued: the backend instance and its snapshots. See handles.h for the rules.
#pragma once

#include <utility>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"
#include "spillway/plugin/handles.h"

namespace spillway::plugin {

// Owns what snapshot_run answered; any thread, one at a time.
class SnapshotResult {
 public:
  SnapshotResult() noexcept : result_(Sized<spw_snapshot_result>()) {}
  ~SnapshotResult() { Reset(); }
  SnapshotResult(SnapshotResult&& other) noexcept
      : result_(std::exchange(other.result_, Sized<spw_snapshot_result>())) {}
  SnapshotResult& operator=(SnapshotResult&& other) noexcept {
    if (this != &other) {
      Reset();
      result_ = std::exchange(other.result_, Sized<spw_snapshot_result>());
    }
    return *this;
  }
  SnapshotResult(const SnapshotResult&) = delete;
  SnapshotResult& operator=(const SnapshotResult&) = delete;

  [[nodiscard]] const spw_snapshot_result* operator->() const noexcept { return &result_; }
  [[nodiscard]] const spw_snapshot_result& operator*() const noexcept { return result_; }
  // The empty struct, for a slot to fill.
  [[nodiscard]] spw_snapshot_result* out() noexcept {
    Reset();
    return &result_;
  }
  void Reset() noexcept {
    if (result_.release != nullptr) result_.release(&result_);
    result_ = Sized<spw_snapshot_result>();
  }

 private:
  spw_snapshot_result result_;
};

class Snapshot : public Handle<spw_snapshot, &spw_backend_api::snapshot_release> {
 public:
  using Handle::Handle;
  spw_code Run(SnapshotResult* out, Error& err) const noexcept {
    return api()->snapshot_run(get(), out->out(), err.out());
  }
  void Cancel() const noexcept { api()->snapshot_cancel(get()); }

 private:
  friend class Backend;
};

class Backend : public Handle<spw_backend, &spw_backend_api::release> {
 public:
  using Handle::Handle;

  // `api` and `host` must outlive the backend.
  static spw_code Open(const spw_backend_api* api, const spw_open_options& options, const spw_host* host, Backend* out,
                       Error& err) noexcept {
    spw_backend* made = nullptr;
    const spw_code code = api->open(&options, host, &made, err.out());
    out->Adopt(api, code == SPW_OK ? made : nullptr);
    return code;
  }
  spw_code BindOwner(Error& err) const noexcept { return api()->bind_owner(get(), err.out()); }
  spw_code Close(uint32_t flags, Error& err) const noexcept { return api()->close(get(), flags, err.out()); }

  spw_code RegisterState(const spw_state_options& options, State* out, Error& err) const noexcept {
    return Found(out, [&](spw_state** made) { return api()->register_state(get(), &options, made, err.out()); });
  }
  spw_code FindState(const char* name, State* out, Error& err) const noexcept {
    return Found(out, [&](spw_state** made) { return api()->find_state(get(), name, made, err.out()); });
  }
  spw_code SetCurrentKey(spw_bytes key, uint32_t key_group, Error& err) const noexcept {
    return api()->set_current_key(get(), key, key_group, err.out());
  }

  void EndRecord() const noexcept { api()->end_record(get()); }
  spw_code Poll(spw_completion* out, uint32_t capacity, uint32_t* count, Error& err) const noexcept {
    return api()->poll(get(), out, capacity, count, err.out());
  }

  spw_code Prefetch(const spw_access* accesses, uint32_t count, Error& err) const noexcept {
    return api()->prefetch(get(), accesses, count, err.out());
  }
  spw_code GetMany(const spw_access* accesses, uint32_t count, spw_access_result* out, Error& err) const noexcept {
    return api()->get_many(get(), accesses, count, out, err.out());
  }
  spw_code PutMany(const spw_access* accesses, const spw_bytes* values, uint32_t count, Error& err) const noexcept {
    return api()->put_many(get(), accesses, values, count, err.out());
  }
  spw_code GetAsync(const spw_access& access, uint64_t token, spw_view* out, Error& err) const noexcept {
    return api()->get_async(get(), &access, token, out, err.out());
  }
  spw_code Wait(uint64_t timeout_us, Error& err) const noexcept { return api()->wait(get(), timeout_us, err.out()); }
  spw_code EventDescriptor(int32_t* out, Error& err) const noexcept {
    return api()->event_descriptor(get(), out, err.out());
  }
  spw_code QuerySubmit(const spw_query& query, Error& err) const noexcept {
    return api()->query_submit(get(), &query, err.out());
  }

  spw_code SnapshotBegin(const spw_snapshot_options& options, Snapshot* out, Error& err) const noexcept {
    spw_snapshot* made = nullptr;
    const spw_code code = api()->snapshot_begin(get(), &options, &made, err.out());
    out->Adopt(api(), code == SPW_OK ? made : nullptr);
    return code;
  }
  spw_code CheckpointComplete(uint64_t checkpoint_id, Error& err) const noexcept {
    return api()->checkpoint_complete(get(), checkpoint_id, err.out());
  }
  spw_code CheckpointAborted(uint64_t checkpoint_id, Error& err) const noexcept {
    return api()->checkpoint_aborted(get(), checkpoint_id, err.out());
  }
  spw_code CheckpointSubsumed(uint64_t checkpoint_id, Error& err) const noexcept {
    return api()->checkpoint_subsumed(get(), checkpoint_id, err.out());
  }
  spw_code Restore(const spw_restore_source* sources, uint32_t count, Error& err) const noexcept {
    return api()->restore(get(), sources, count, err.out());
  }
  spw_code RestoreSavepoint(const spw_restore_source* sources, uint32_t count, Error& err) const noexcept {
    return api()->restore_savepoint(get(), sources, count, err.out());
  }

  // `out` with its struct_size set: Sized<spw_memory_usage>().
  spw_code MemoryUsage(spw_memory_usage* out, Error& err) const noexcept {
    return api()->memory_usage(get(), out, err.out());
  }
  spw_code MemorySetShare(uint64_t bytes, Error& err) const noexcept {
    return api()->memory_set_share(get(), bytes, err.out());
  }
  spw_code MemoryReclaim(uint64_t bytes, Error& err) const noexcept {
    return api()->memory_reclaim(get(), bytes, err.out());
  }
  spw_code Metrics(spw_metric* out, uint32_t capacity, uint32_t* count, Error& err) const noexcept {
    return api()->metrics(get(), out, capacity, count, err.out());
  }

 private:
  template <typename Call>
  spw_code Found(State* out, Call call) const noexcept {
    spw_state* made = nullptr;
    const spw_code code = call(&made);
    *out = code == SPW_OK ? State(api(), made) : State();
    return code;
  }
};

}  // namespace spillway::plugin
