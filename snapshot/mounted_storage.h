// One storage with another one, read-only, under a prefix of its names.
//
// How a running job sees the checkpoint it is restored from: its own storage under plain names, the restored directory,
// wherever that lies, as "<mount>/…". Names below the mount are passed on without it. Any thread; shares ownership of
// both.
#pragma once

#include <memory>
#include <string>

#include "snapshot/checkpoint_storage.h"

namespace spillway::snapshot {

// `mount` is one part of a name ("restored"); files of `base` whose names begin so are hidden.
[[nodiscard]] Result<std::shared_ptr<CheckpointStorage>> MountStorage(std::shared_ptr<CheckpointStorage> base,
                                                                      std::string mount,
                                                                      std::shared_ptr<CheckpointStorage> mounted);

}  // namespace spillway::snapshot
