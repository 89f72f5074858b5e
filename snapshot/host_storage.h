// For plugins: the host's checkpoint storage as a CheckpointStorage.
//
// Calls the storage slots of a complete host table, from any thread, and owns the handles that the host gives out. The
// host must outlive the storage, and the storage its files. List is kUnsupported: the ABI has no such slot.
#pragma once

#include <memory>

#include "snapshot/checkpoint_storage.h"
#include "spillway/plugin/complete_host.h"

namespace spillway::snapshot {

[[nodiscard]] std::unique_ptr<CheckpointStorage> MakeHostStorage(const plugin::CompleteHost& host);

}  // namespace spillway::snapshot
