// The proxy's slots, by the files they are in. Each function fills its part of the table; `open` is not among them,
// since it needs to know the plugin: see debug_proxy.cc.
#pragma once

#include "runtime/plugin/debug_proxy/core.h"
#include "spillway/plugin/abi.h"

namespace spillway::runtime::debug_proxy {

void FillBackendSlots(spw_backend_api* table);
void FillStateSlots(spw_backend_api* table);
void FillIteratorSlots(spw_backend_api* table);
void FillTimerSlots(spw_backend_api* table);
void FillBatchSlots(spw_backend_api* table);
void FillSnapshotSlots(spw_backend_api* table);

// Opens a backend of the plugin behind `core`.
spw_code Open(Core* core, const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err);

}  // namespace spillway::runtime::debug_proxy
