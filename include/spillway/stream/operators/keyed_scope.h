// The keyed side of one subtask: its backend, the current key, and the event-time timers.
//
// One per subtask of a keyed operator, on that subtask's thread. The backend belongs to the runtime and outlives the
// scope. Timers live in a timer state of the backend, so they are part of every snapshot and move with their key
// groups.
//
// Timers fire in time order when the watermark advances. They are taken from the backend in batches; those that are
// taken and not fired yet still count as registered: deleting one keeps it from firing, registering it again changes
// nothing, and one registered for an earlier time fires before them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/backend.h"
#include "spillway/status.h"
#include "spillway/stream/event_time.h"
#include "spillway/stream/operators/record_batch.h"

namespace spillway {

class KeyedScope {
 public:
  // Called with the timer's key as current key. Its bytes are valid during the call.
  using FireTimer = std::function<Status(int64_t timestamp, BytesView state_namespace)>;

  KeyedScope(const plugin::Backend* backend, spw_key_group_range key_groups)
      : backend_(backend), key_groups_(key_groups) {}
  KeyedScope(const KeyedScope&) = delete;
  KeyedScope& operator=(const KeyedScope&) = delete;

  // Registers the timer state. `watermark`: what the restored checkpoint had reached.
  Status Open(BytesView key_schema, BytesView namespace_schema, int64_t watermark);

  [[nodiscard]] const plugin::Backend& backend() const { return *backend_; }
  [[nodiscard]] spw_key_group_range key_groups() const { return key_groups_; }

  // The bytes must stay until another key is set.
  Status SetCurrentKey(BytesView key, uint32_t key_group);
  [[nodiscard]] BytesView current_key() const { return key_; }
  // Another number for every key that was set.
  [[nodiscard]] uint64_t key_generation() const { return key_generation_; }
  // The records of a batch are about to be processed: the backend may bring near, with overlapping reads, what their
  // keys have in the states that are announced. A safepoint.
  Status Announce(const KeyColumn& keys, size_t count);
  // Views of the record's state end here.
  void EndRecord() { backend_->EndRecord(); }
  // At the end of a batch: what waits for the owner thread is done.
  Status Poll();

  // States that count in EntryCount.
  void NoteState(const plugin::State& state);
  // One that every record may touch, for its key and without a namespace.
  void AnnounceState(const plugin::State& state) { announced_.push_back(state); }
  // (key, namespace) pairs of all states that were noted, and timers.
  [[nodiscard]] Result<uint64_t> EntryCount() const;

  // For the current key.
  Status RegisterTimer(int64_t timestamp, BytesView state_namespace);
  Status DeleteTimer(int64_t timestamp, BytesView state_namespace);

  [[nodiscard]] int64_t current_watermark() const { return watermark_; }
  // Fires what is due. A watermark that is not beyond the current one changes nothing.
  Status AdvanceWatermark(int64_t watermark, const FireTimer& fire);

 private:
  struct TakenTimer {
    spw_timer timer;  // its bytes are views of the backend
    bool deleted = false;
  };

  [[nodiscard]] spw_timer TimerOfCurrentKey(int64_t timestamp, BytesView state_namespace) const;
  // Among those taken and not fired yet; null when it is not there.
  [[nodiscard]] TakenTimer* FindTaken(const spw_timer& timer);
  Status FireTaken(const FireTimer& fire);
  Status PutBackTaken();

  const plugin::Backend* backend_;
  spw_key_group_range key_groups_;
  plugin::State timers_;
  std::vector<plugin::State> states_;
  std::vector<plugin::State> announced_;
  std::vector<spw_access> accesses_;  // of a batch
  bool prefetches_ = true;            // until the backend says that it does not
  BytesView key_;
  uint32_t key_group_ = 0;
  uint64_t key_generation_ = 0;
  int64_t watermark_ = kWatermarkBeforeAll;

  std::vector<TakenTimer> taken_;
  size_t fired_ = 0;              // of taken_
  bool put_back_needed_ = false;  // one was registered that comes before the next taken one
};

}  // namespace spillway
