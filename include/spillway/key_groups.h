// Key groups: the unit in which keyed state is divided, snapshotted and rescaled.
//
// A key belongs to one of `max_parallelism` key groups for the life of a job; a subtask owns a contiguous range of
// them. The ranges are those of Flink's KeyGroupRangeAssignment, so that they are as even as can be at every
// parallelism. The host computes key groups, backends are told; snapshots record by which function (kKeyGroupFunction).
// Pure functions.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

#include "spillway/bytes.h"
#include "spillway/plugin/abi.h"

namespace spillway {

inline constexpr std::string_view kKeyGroupFunction = "xxh3-64-mod";
inline constexpr uint32_t kMaxParallelismLimit = 32768;
inline constexpr uint32_t kDefaultMaxParallelism = 128;

// `key` as it is serialized for the backend.
[[nodiscard]] inline uint32_t KeyGroupOf(BytesView key, uint32_t max_parallelism) {
  return static_cast<uint32_t>(XXH3_64bits(key.data(), key.size()) % max_parallelism);
}

// Which of `parallelism` subtasks owns the key group; parallelism <= max_parallelism.
[[nodiscard]] constexpr uint32_t SubtaskOfKeyGroup(uint32_t key_group, uint32_t max_parallelism, uint32_t parallelism) {
  return static_cast<uint32_t>(uint64_t{key_group} * parallelism / max_parallelism);
}

// The key groups of one subtask, both ends inclusive; never empty.
[[nodiscard]] constexpr spw_key_group_range KeyGroupsOfSubtask(uint32_t subtask, uint32_t max_parallelism,
                                                               uint32_t parallelism) {
  const auto first = static_cast<uint32_t>((uint64_t{subtask} * max_parallelism + parallelism - 1) / parallelism);
  const auto last = static_cast<uint32_t>(((uint64_t{subtask} + 1) * max_parallelism - 1) / parallelism);
  return {first, last};
}

}  // namespace spillway
