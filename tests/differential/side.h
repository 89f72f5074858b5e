// One of the two backends of a differential run: does operations and tells, in text, what came.
//
// Two sides that were given the same operations must tell the same. What the ABI leaves open is left out of the text:
// the order of map entries, keys and of timers of one time, whether such a timer is the head, error messages, and what
// a run that was cancelled while under way made of it. Belongs to one thread, its owner; the threads of its snapshots
// are its own.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/backend.h"
#include "tests/conformance/instance.h"
#include "tests/conformance/memory_host.h"
#include "tests/differential/operation.h"

namespace spillway::differential {

enum class KeyShape { kNumber, kShort, kLong, kEmpty };

// How its backend is opened.
struct SideOptions {
  std::vector<std::pair<std::string, std::string>> configuration;
  std::string local_directory;  // an existing one; empty: none
};

class Side {
 public:
  // `api` must outlive it.
  Side(const spw_backend_api* api, KeyShape key_shape, SideOptions options);
  ~Side();
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  [[nodiscard]] std::string Do(const Operation& operation);
  // Ends what is under way and tells everything that all states hold.
  [[nodiscard]] std::string Finish();

 private:
  static constexpr size_t kSlots = 3;
  struct SnapshotSlot {
    plugin::Snapshot snapshot;
    std::thread thread;
    plugin::SnapshotResult result;
    plugin::Error err;
    spw_code code = SPW_PENDING;
    bool cancelled_beside = false;  // while it was running: how it ended is open
    std::optional<conformance::TakenSnapshot> taken;
  };
  struct IteratorSlot {
    plugin::Iterator iterator;
    bool ordered = false;
  };
  struct HeldView {
    std::string place;
    spw_view view;
    std::string text;
  };

  // side.cc
  void Open(spw_key_group_range key_groups);
  void Register();
  std::string Safepoint(Action action);
  std::string CheckHeld();
  void Written(const std::string& place);
  [[nodiscard]] std::string Key(uint64_t n) const;
  [[nodiscard]] static std::string_view Namespace(uint64_t n);
  [[nodiscard]] static std::string Content(const Operation& operation);
  // Where the operation works under the current key.
  [[nodiscard]] std::string ValuePlace(const Operation& operation) const;
  [[nodiscard]] std::string MapPlace(const Operation& operation) const;
  [[nodiscard]] const plugin::State& ValueState(const Operation& operation) const {
    return states_[operation.state % 2];
  }
  [[nodiscard]] const plugin::State& AnyState(const Operation& operation) const {
    return states_[operation.state % states_.size()];
  }
  std::string HoldView(const Operation& operation);
  std::string Query(const Operation& operation);
  std::string Refused(const Operation& operation);
  std::string DoKeyed(const Operation& operation);

  // side_values.cc
  std::string DoValue(const Operation& operation);
  std::string Update(const Operation& operation, bool at_once);
  std::string DoList(const Operation& operation);
  // side_maps.cc
  std::string DoMap(const Operation& operation);
  std::string IterateAndChange(const Operation& operation);
  std::string DoTimer(const Operation& operation);
  std::string AddTimers(const Operation& operation);
  // side_iterators.cc
  std::string DoIterator(const Operation& operation);
  std::string OpenIterator(const Operation& operation);
  std::string ApplyToAllKeys(const Operation& operation);
  static std::string Drain(const plugin::Iterator& iterator, bool ordered, uint32_t capacity);
  // side_snapshots.cc
  std::string DoSnapshot(const Operation& operation);
  std::string Begin(SnapshotSlot* slot);
  std::string RunBeside(SnapshotSlot* slot);
  std::string JoinRun(SnapshotSlot* slot);
  std::string Restore(const Operation& operation);
  void Keep(SnapshotSlot* slot);

  const spw_backend_api* const api_;
  const KeyShape key_shape_;
  const SideOptions options_;
  conformance::MemoryStorage storage_;
  std::unique_ptr<conformance::MemoryHost> host_;
  spw_key_group_range key_groups_{};
  plugin::Backend backend_;
  std::vector<plugin::State> states_;  // two of values, lists, maps, timers
  std::string current_key_;
  std::array<SnapshotSlot, kSlots> snapshots_;
  std::array<IteratorSlot, kSlots> iterators_;
  std::vector<HeldView> held_;
  uint64_t checkpoints_ = 0;
};

}  // namespace spillway::differential
