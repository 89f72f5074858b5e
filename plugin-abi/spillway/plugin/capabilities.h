// The capabilities of abi.h in words, for messages.
//
// Plain values and pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "spillway/plugin/abi.h"

namespace spillway::plugin {

struct CapabilityName {
  uint64_t bit;
  const char* name;
};

inline constexpr CapabilityName kCapabilityNames[] = {
    {SPW_CAP_VALUE, "value"},
    {SPW_CAP_LIST, "list"},
    {SPW_CAP_MAP, "map"},
    {SPW_CAP_TIMER, "timer"},
    {SPW_CAP_MERGE, "merge"},
    {SPW_CAP_TTL, "ttl"},
    {SPW_CAP_SNAPSHOT_FULL, "snapshot-full"},
    {SPW_CAP_SNAPSHOT_INCREMENTAL, "snapshot-incremental"},
    {SPW_CAP_SAVEPOINT, "savepoint"},
    {SPW_CAP_PREFETCH, "prefetch"},
    {SPW_CAP_BATCH, "batch"},
    {SPW_CAP_ASYNC_GET, "async-get"},
    {SPW_CAP_QUERY, "query"},
    {SPW_CAP_SPILL, "spill"},
};

// "value, list, map": those that are known; others are passed over.
[[nodiscard]] inline std::string CapabilityNames(uint64_t capabilities) {
  std::string names;
  for (const CapabilityName& capability : kCapabilityNames) {
    if ((capabilities & capability.bit) == 0) continue;
    if (!names.empty()) names += ", ";
    names += capability.name;
  }
  return names;
}

}  // namespace spillway::plugin
