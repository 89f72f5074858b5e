#include "backend/hybrid/cold_prefetch.h"

#include <algorithm>
#include <vector>

#include "backend/hybrid/cold_batch.h"
#include "backend/hybrid/cold_reader.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/resident.h"
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/spiller.h"

namespace spillway::hybrid {
namespace {

// Room is made before so many.
constexpr size_t kGroup = 64;

struct Wanted {
  State* state;
  EntryAddress address;
  Probe map_probe;  // of entries of maps
};

EntryAddress AddressOf(const Instance& instance, const spw_access& access) {
  return instance.AddressOf(plugin::ToStringView(access.key), access.key_group,
                            plugin::ToStringView(access.state_namespace));
}

Node* InMemory(const Wanted& wanted) {
  return FindNode(&wanted.state->table(wanted.address.group).root.word, wanted.address.probe);
}

Status Load(Instance* instance, const std::vector<Wanted>& all, bool map_entries) {
  if (all.empty()) return {};
  std::vector<ColdRequest> requests;
  for (const Wanted& wanted : all) {
    const spill::RecordKey key =
        map_entries ? KeyInRuns(wanted.address.probe, wanted.map_probe) : KeyInRuns(wanted.address.probe);
    requests.push_back({key, wanted.state->table(wanted.address.group).spilled->runs.get()});
  }
  return instance->spiller()->batch().Run(requests, [&](size_t index, const spill::RunRecord* record) {
    if (record == nullptr) return;
    const Wanted& wanted = all[index];
    if (map_entries) {
      InstallMapEntry(wanted.state, wanted.address, wanted.map_probe, *record);
    } else if (wanted.state->kind() == SPW_STATE_MAP) {
      InstallMap(wanted.state, wanted.address, *record);
    } else {
      InstallValue(wanted.state, wanted.address, *record);
    }
    Node* node = InMemory(wanted);
    if (node == nullptr) return;
    if (wanted.state->kind() == SPW_STATE_MAP) {
      instance->NoteShownCollection(node);
    } else {
      instance->NoteShown(node);
    }
  });
}

Status LoadGroup(Instance* instance, std::span<const spw_access> accesses) {
  std::vector<Wanted> entries;
  for (const spw_access& access : accesses) {
    State* state = Behind(access.state);
    const EntryAddress address = AddressOf(*instance, access);
    const KeyGroupTable& table = state->table(address.group);
    if (table.resident() || state->kind() == SPW_STATE_LIST || state->kind() == SPW_STATE_TIMER) continue;
    const Wanted wanted{state, address, {}};
    if (InMemory(wanted) == nullptr && MayBeIn(*table.spilled->runs, KeyInRuns(address.probe))) {
      entries.push_back(wanted);
    }
  }
  SPILLWAY_RETURN_IF_ERROR(Load(instance, entries, false));
  entries.clear();
  for (const spw_access& access : accesses) {
    State* state = Behind(access.state);
    if (state->kind() != SPW_STATE_MAP || access.map_key.data == nullptr) continue;
    const Wanted wanted{state, AddressOf(*instance, access), MapProbe(plugin::ToStringView(access.map_key))};
    const Node* map = InMemory(wanted);
    if (map == nullptr || IsTombstone(map) || MapHeaderOf(map).partial == 0) continue;
    const MapHeader header = MapHeaderOf(map);
    if (FindNode(&header.entries.word, wanted.map_probe) != nullptr) continue;
    const KeyGroupTable& table = state->table(wanted.address.group);
    if (table.resident() || !MayBeIn(*table.spilled->runs, KeyInRuns(wanted.address.probe, wanted.map_probe))) continue;
    entries.push_back(wanted);
  }
  return Load(instance, entries, true);
}

}  // namespace

Status PrefetchCold(Instance* instance, std::span<const spw_access> accesses) {
  if (instance->spiller() == nullptr) return {};
  while (!accesses.empty()) {
    const size_t count = std::min(kGroup, accesses.size());
    instance->spiller()->PrepareLoad();
    SPILLWAY_RETURN_IF_ERROR(LoadGroup(instance, accesses.first(count)));
    accesses = accesses.subspan(count);
  }
  return {};
}

}  // namespace spillway::hybrid
