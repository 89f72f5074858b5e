// One of the two sides that are compared: the same state operations, by the plugin or by direct calls.
//
// One thread. Keys and map keys are numbers as their eight bytes; every failure ends the program.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace spillway::rocksdb_direct {

inline constexpr uint32_t kKeyGroups = 128;
inline constexpr size_t kValueBytes = 64;
inline constexpr uint64_t kMapEntries = 10;  // of each key

class Side {
 public:
  virtual ~Side() = default;

  // Each sums up something of what it read, so that reading cannot be left out.
  virtual uint64_t Get(uint64_t key) = 0;
  virtual void Put(uint64_t key, std::string_view value) = 0;
  // Reads the value, changes its first eight bytes and writes it back.
  virtual void ReadModifyWrite(uint64_t key) = 0;
  virtual void Append(uint64_t key, std::string_view element) = 0;
  virtual uint64_t MapGet(uint64_t key, uint64_t map_key) = 0;
  virtual void MapPut(uint64_t key, uint64_t map_key, std::string_view value) = 0;
};

[[nodiscard]] std::unique_ptr<Side> MakeDirectSide(const std::string& directory, uint64_t memory_share);
[[nodiscard]] std::unique_ptr<Side> MakePluginSide(const std::string& directory, uint64_t memory_share);

[[noreturn]] void Die(const std::string& why);

}  // namespace spillway::rocksdb_direct
