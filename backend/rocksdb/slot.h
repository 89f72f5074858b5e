// How an operation of the backend becomes a slot of the ABI.
#pragma once

#include <utility>

#include "backend/rocksdb/state.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"

namespace spillway::rocks {

// `body` returns an Answer.
template <typename Body>
[[nodiscard]] spw_code Slot(spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    const Answer answer = std::forward<Body>(body)();
    if (answer.ok()) return *answer;
    const Status status = answer.status();
    return plugin::FillError(err, static_cast<spw_code>(status.code()), "rocksdb: " + status.message());
  });
}

// The complete table of the plugin.
[[nodiscard]] const spw_backend_api& Api();

// Each file fills the slots of its idea.
void FillLifeSlots(spw_backend_api* api);
void FillRegistrationSlots(spw_backend_api* api);
void FillValueSlots(spw_backend_api* api);
void FillListSlots(spw_backend_api* api);
void FillMapSlots(spw_backend_api* api);
void FillMergeSlots(spw_backend_api* api);
void FillTimerSlots(spw_backend_api* api);
void FillIteratorSlots(spw_backend_api* api);
void FillBatchSlots(spw_backend_api* api);
void FillQuerySlots(spw_backend_api* api);
void FillSnapshotSlots(spw_backend_api* api);
void FillRestoreSlots(spw_backend_api* api);
void FillMemorySlots(spw_backend_api* api);

}  // namespace spillway::rocks
