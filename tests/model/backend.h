// An instance of the model: its states, its current key, what waits for its owner.
//
// Belongs to the owner thread, but for the account, the queries and the snapshots, which any thread may reach: the
// first is atomic, the others are behind a mutex that is never held while the host is called. Owns its states;
// iterators and snapshots are their holders' and are told of the end through `life`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/complete_host.h"
#include "spillway/plugin/guard.h"
#include "spillway/status.h"
#include "tests/model/memory_account.h"
#include "tests/model/state.h"

namespace spillway::model {

// A query as it was submitted, copied.
struct PendingQuery {
  std::string state_name, key, state_namespace;
  std::optional<std::string> map_key;
  uint32_t key_group;
  void* context;
  void (*answer)(void*, spw_code, const spw_view*);
};

struct CurrentKey {
  std::string key;
  uint32_t key_group = 0;
};

}  // namespace spillway::model

struct spw_backend {
  spw_backend(const spw_open_options& options, const spw_host* host_table);

  [[nodiscard]] spillway::Status CheckOpen() const;
  // INVALID_ARGUMENT when the key-group is not one of this instance.
  [[nodiscard]] spillway::Status CheckKeyGroup(uint32_t key_group) const;
  [[nodiscard]] spw_state* Find(std::string_view name);

  // Keeps `thing` until the next safepoint, for the views that show it; `cost` is what its entries have taken.
  template <typename T>
  void Retire(T thing, uint64_t cost) {
    retired.push_back(std::make_shared<T>(std::move(thing)));
    account.Retire(cost);
  }
  // Views end here.
  void Safepoint() {
    retired.clear();
    account.GiveBackRetired();
  }

  const spillway::plugin::HandleCount counted;
  const spillway::plugin::CompleteHost host;
  const uint32_t max_parallelism;
  const spw_key_group_range key_groups;
  const std::string key_group_function;
  const std::string instance;
  spillway::model::MemoryAccount account;

  std::atomic<bool> closed{false};
  std::unordered_map<std::string, std::unique_ptr<spw_state>> states;
  std::optional<spillway::model::CurrentKey> current;
  bool restored = false;
  std::vector<std::shared_ptr<const void>> retired;

  std::mutex mutex;
  std::vector<spillway::model::PendingQuery> queries;  // guarded by mutex
  std::unordered_set<spw_snapshot*> snapshots;         // guarded by mutex; not yet released
  std::condition_variable run_ended;                   // of any snapshot
  std::atomic<uint64_t> snapshots_written{0};
};

template <typename Map>
void spw_state::Remove(Map* map, const spillway::model::PlaceView& place) {
  const auto found = map->find(place);
  if (found == map->end()) return;
  const uint64_t cost = spillway::model::CostOf(place) + spillway::model::CostOf(found->second);
  backend->Retire(std::move(found->second), cost);
  map->erase(found);
}
