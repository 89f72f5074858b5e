// From RocksDB's status to ours. Pure, any thread.
#pragma once

#include <rocksdb/status.h>

#include <string_view>

#include "spillway/status.h"

namespace spillway::rocks {

// OK for OK. `doing` says what failed and where: "cannot open /data/op-1.rocksdb".
[[nodiscard]] Status FromRocksDb(const rocksdb::Status& status, std::string_view doing);

}  // namespace spillway::rocks
