// An instance of the RocksDB backend for tests, opened on an Env of the test's choice, with one state of each kind.
//
// One thread. Everything that goes wrong where a test does not expect it is a failure of the test.
#pragma once

#include <rocksdb/env.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/rocksdb/backend.h"
#include "spillway/plugin/backend.h"
#include "spillway/plugin/handles.h"
#include "tests/conformance/memory_host.h"

namespace spillway::rocks {

struct TestOptions {
  std::string directory;
  std::vector<std::pair<std::string, std::string>> configuration;  // without "state.backend.rocksdb."
  uint64_t share = 0;
  int64_t ttl_ms = 0;
  spw_ttl_update ttl_update = SPW_TTL_ON_CREATE_AND_WRITE;
  spw_ttl_visibility ttl_visibility = SPW_TTL_NEVER_RETURN_EXPIRED;
  rocksdb::Env* env = rocksdb::Env::Default();
};

class TestInstance {
 public:
  explicit TestInstance(TestOptions options, conformance::MemoryStorage* storage = nullptr);
  TestInstance(const TestInstance&) = delete;
  TestInstance& operator=(const TestInstance&) = delete;

  void RegisterStates();
  void SetKey(std::string_view key);
  void EndRecord() { backend_.EndRecord(); }
  spw_code Poll();

  std::optional<std::string> Get();
  void Put(std::string_view value);
  spw_code TryPut(std::string_view value);
  std::vector<std::string> List();
  void Append(std::string_view element);
  std::optional<std::string> MapGet(std::string_view map_key);
  void MapPut(std::string_view map_key, std::string_view value);
  uint64_t Count(const plugin::State& state);
  // Flushes and compacts all that the state holds.
  void Compact(const plugin::State& state);
  // How many keys RocksDB holds for the state.
  uint64_t StoredKeys(const plugin::State& state);
  // Takes a full snapshot; its files are in the storage.
  void Snapshot(std::string* file);
  void Restore(const std::string& file);

  [[nodiscard]] plugin::Backend& backend() { return backend_; }
  [[nodiscard]] spw_backend* inside() { return backend_.get(); }
  [[nodiscard]] conformance::MemoryHost& host() { return host_; }
  [[nodiscard]] plugin::Error& error() { return error_; }
  [[nodiscard]] const plugin::State& value() const { return value_; }
  [[nodiscard]] const plugin::State& list() const { return list_; }
  [[nodiscard]] const plugin::State& map() const { return map_; }

 private:
  plugin::State Register(const char* name, spw_state_kind kind);

  const TestOptions options_;
  conformance::MemoryStorage own_storage_;
  conformance::MemoryHost host_;
  plugin::Error error_;
  plugin::Backend backend_;
  plugin::State value_, list_, map_;
};

}  // namespace spillway::rocks
