// An open backend instance and its states, in the words that cases are written in.
//
// An Instance opens a backend of the run's subject, owns it, and keeps what was registered, so that it can be replaced
// by another one that is restored from its snapshot (RoundTrip). A TestState is a plain reference to one of its states
// and stays good across that. The verbs of both expect success and fail the case otherwise; what is meant to be refused
// is called through backend() and raw(). Namespaces and values are texts. The thread that made an Instance is its
// owner.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "spillway/key_groups.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/backend.h"
#include "tests/conformance/check.h"
#include "tests/conformance/memory_host.h"
#include "tests/conformance/run.h"

namespace spillway::conformance {

// The void namespace, and some that are not.
inline constexpr std::string_view kVoid{"", 0};
inline constexpr std::string_view kWindow1 = "window-1";
inline constexpr std::string_view kWindow2 = "window-2";
inline constexpr std::string_view kWindow3 = "window-3";

struct InstanceOptions {
  uint32_t max_parallelism = kDefaultMaxParallelism;
  spw_key_group_range key_groups = {0, kDefaultMaxParallelism - 1};
  std::string key_group_function = std::string(kKeyGroupFunction);
  uint64_t memory_share_bytes = 0;
  Compatibility compatibility;
};

struct StateSpec {
  std::string name;
  spw_state_kind kind = SPW_STATE_VALUE;
  uint32_t alignment = 1;
  std::string key_schema = "key-v1", namespace_schema = "namespace-v1", value_schema = "value-v1",
              map_key_schema = "map-key-v1";

  // Points into this spec.
  [[nodiscard]] spw_state_options options() const;
};

// A snapshot as a host keeps it.
struct TakenSnapshot {
  spw_key_group_range key_groups{};
  std::string metadata;
  std::vector<std::pair<std::string, uint64_t>> files;
  uint64_t entries = 0;
};

// The arguments of `restore` for some snapshots, which must outlive it.
class RestoreSources {
 public:
  explicit RestoreSources(const std::vector<TakenSnapshot>& snapshots);
  [[nodiscard]] const spw_restore_source* data() const { return sources_.data(); }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(sources_.size()); }

 private:
  std::vector<std::vector<spw_file_ref>> files_;
  std::vector<spw_restore_source> sources_;
};

class Instance;

using MapContents = std::map<std::string, std::optional<std::string>>;  // nothing: a null value
using KeyAndNamespace = std::pair<std::string, std::string>;

class TestState {
 public:
  TestState(Instance* instance, size_t index) : instance_(instance), index_(index) {}
  [[nodiscard]] const plugin::State& raw() const;

  [[nodiscard]] std::optional<std::string> Get(std::string_view ns, Location where = Location::current()) const;
  void Put(std::string_view ns, std::string_view value, Location where = Location::current()) const;
  void Clear(std::string_view ns, Location where = Location::current()) const;

  void Append(std::string_view ns, const std::vector<std::string>& elements,
              Location where = Location::current()) const;
  void Replace(std::string_view ns, const std::vector<std::string>& elements,
               Location where = Location::current()) const;
  [[nodiscard]] std::vector<std::string> List(std::string_view ns, Location where = Location::current()) const;
  void Merge(std::string_view target, const std::vector<std::string>& sources,
             Location where = Location::current()) const;

  void PutEntry(std::string_view ns, std::string_view map_key, std::string_view value,
                Location where = Location::current()) const;
  void PutNull(std::string_view ns, std::string_view map_key, Location where = Location::current()) const;
  // Nothing: no entry; an entry with nothing in it: null.
  [[nodiscard]] std::optional<std::optional<std::string>> Entry(std::string_view ns, std::string_view map_key,
                                                                Location where = Location::current()) const;
  // Whether there was something to remove.
  bool RemoveEntry(std::string_view ns, std::string_view map_key, Location where = Location::current()) const;
  [[nodiscard]] bool IsEmpty(std::string_view ns, Location where = Location::current()) const;
  [[nodiscard]] MapContents Map(std::string_view ns, Location where = Location::current()) const;

  [[nodiscard]] uint64_t Count(Location where = Location::current()) const;
  // Fails when a key comes twice.
  [[nodiscard]] std::set<std::string> Keys(std::string_view ns, Location where = Location::current()) const;
  [[nodiscard]] std::set<KeyAndNamespace> KeysAndNamespaces(Location where = Location::current()) const;

 private:
  Instance* instance_;
  size_t index_;
};

// All that a state holds: of each (key, namespace) the elements or entries in text, lists in their order.
using StateContents = std::map<KeyAndNamespace, std::vector<std::string>>;

class Instance {
 public:
  // Opens it and makes this thread its owner.
  explicit Instance(Run& run, InstanceOptions options = {}, Location where = Location::current());
  ~Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] Run& run() { return run_; }
  [[nodiscard]] MemoryHost& host() { return *host_; }
  [[nodiscard]] plugin::Backend& backend() { return backend_; }
  [[nodiscard]] const InstanceOptions& options() const { return options_; }

  TestState Register(StateSpec spec, Location where = Location::current());
  TestState Value(std::string name = "value", Location where = Location::current());
  TestState List(std::string name = "list", Location where = Location::current());
  TestState Map(std::string name = "map", Location where = Location::current());
  TestState Timers(std::string name = "timers", Location where = Location::current());
  [[nodiscard]] const plugin::State& state(size_t index) const { return states_[index]; }

  [[nodiscard]] uint32_t KeyGroup(std::string_view key) const { return KeyGroupOf(key, options_.max_parallelism); }
  // Sets the n-th key of the run's type.
  void SetKey(uint64_t n, Location where = Location::current()) { SetKeyBytes(run_.Key(n), where); }
  void SetKeyBytes(std::string_view key, Location where = Location::current());
  void EndRecord() { backend_.EndRecord(); }
  void Poll(Location where = Location::current());

  // Everything that the state of this name holds, by `entries`; empty when there is no such state.
  [[nodiscard]] StateContents Contents(const std::string& state_name, Location where = Location::current());
  [[nodiscard]] StateContents Contents(const std::string& state_name, spw_key_group_range key_groups,
                                       Location where = Location::current());

  [[nodiscard]] plugin::Snapshot BeginSnapshot(Location where = Location::current());
  [[nodiscard]] TakenSnapshot RunSnapshot(const plugin::Snapshot& snapshot, Location where = Location::current());
  // What snapshot_run answered, as a host keeps it.
  [[nodiscard]] TakenSnapshot Keep(const plugin::SnapshotResult& result) const;
  [[nodiscard]] TakenSnapshot TakeSnapshot(Location where = Location::current());
  void Restore(const std::vector<TakenSnapshot>& snapshots, Location where = Location::current());
  // Restores into a new instance in place of this one; states are registered again when they were.
  void ReplaceBy(const std::vector<TakenSnapshot>& snapshots, bool register_again = true,
                 Location where = Location::current());
  // Mode::kLive: nothing. Mode::kRestored: snapshot, close, restore, register again. The current key is lost then.
  void RoundTrip(Location where = Location::current());
  void Close(uint32_t flags = 0, Location where = Location::current());

 private:
  void Open(Location where);
  void RegisterIn(size_t index, Location where);

  Run& run_;
  const InstanceOptions options_;
  std::unique_ptr<MemoryHost> host_;
  plugin::Backend backend_;
  std::vector<StateSpec> specs_;
  std::vector<plugin::State> states_;
};

// Calls `visit(item)` for every item of an iterator, read in batches of `capacity`.
template <typename Visit>
void ForEachItem(const plugin::Iterator& iterator, uint32_t capacity, Location where, Visit visit) {
  std::vector<spw_item> items(capacity);
  for (;;) {
    plugin::Error err;
    uint32_t count = 0;
    const spw_code code = iterator.Next(items.data(), capacity, &count, err);
    if (code == SPW_ABSENT) return;
    ExpectCode(code, SPW_OK, "iterator_next", err, where);
    Expect(count > 0 && count <= capacity, "iterator_next gives between 1 and capacity items with SPW_OK", where);
    for (uint32_t i = 0; i < count; ++i) visit(items[i]);
  }
}

[[nodiscard]] inline std::string TextOf(spw_bytes bytes) {
  return std::string(plugin::ToStringView(bytes));
}
[[nodiscard]] inline std::string TextOf(const spw_view& view) {
  return std::string(plugin::ToStringView(view));
}
[[nodiscard]] std::vector<spw_bytes> BytesOf(const std::vector<std::string>& texts);

}  // namespace spillway::conformance
