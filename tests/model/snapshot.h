// A snapshot of the model: a copy of all states as they were when it began, written by another thread.
//
// Made by the owner, run and released by any thread, one at a time; cancelled by any. The copy is the snapshot's alone.
// Copying costs the owner time by the size of the state: fine for a model, which has to be right before all, and
// nothing that the ABI would let a real backend do. `running` and `ran` are guarded by the backend's mutex.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"
#include "tests/model/state.h"

namespace spillway::model {

struct StateCopy {
  Description description;
  Contents contents;
};

// Cancels every snapshot of a closed backend and waits until none is being written. Any thread but those that write.
void CancelAllAndWait(spw_backend* backend);

}  // namespace spillway::model

struct spw_snapshot {
  const spillway::plugin::HandleCount counted;
  spw_backend* backend = nullptr;
  std::string name_prefix;
  std::vector<spillway::model::StateCopy> states;
  uint64_t cost = 0;
  std::atomic<bool> cancelled{false};  // relaxed: it only asks to stop
  bool running = false;
  bool ran = false;
};
