// The RocksDB backend as a plugin: the reference that other backends are measured against, set up as Flink sets it up.
#include "backend/rocksdb/settings.h"
#include "backend/rocksdb/slot.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/guard.h"

namespace spillway::rocks {
namespace {

// RocksDB reads what is cold one by one when it is asked for, so there is no PREFETCH and no ASYNC_GET to claim.
constexpr uint64_t kCapabilities = SPW_CAP_VALUE | SPW_CAP_LIST | SPW_CAP_MAP | SPW_CAP_TIMER | SPW_CAP_MERGE |
                                   SPW_CAP_TTL | SPW_CAP_SNAPSHOT_FULL | SPW_CAP_BATCH | SPW_CAP_QUERY | SPW_CAP_SPILL;

}  // namespace

}  // namespace spillway::rocks

extern "C" const spw_plugin_descriptor spw_plugin_v0 = {
    sizeof(spw_plugin_descriptor),
    SPW_ABI_MAJOR,
    SPW_ABI_MINOR,
    static_cast<uint32_t>(spillway::rocks::ConfigKeys().size()),
    "rocksdb",
    "0.1.0",
    "RocksDB: state on local disk behind a block cache, one column family per state",
    spillway::rocks::kCapabilities,
    &spillway::rocks::Api(),
    spillway::rocks::ConfigKeys().data(),
    [] { return spillway::plugin::LiveHandles::OfPlugin().count(); },
};
