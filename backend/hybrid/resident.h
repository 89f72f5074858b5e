// Entries that are wanted in memory: found there, or read in from the runs. Owner thread.
//
// What these functions return is a node of the table, a tombstone too. They answer errors of reading by `code`, with
// the reason in Instance::TakeFailure; SPW_OK otherwise. What comes in is clean, and may evict other entries, so no
// pointer into a table may be held across a call.
#pragma once

#include "backend/hybrid/hash_tree.h"
#include "backend/hybrid/state.h"
#include "spill/record.h"
#include "spillway/plugin/abi.h"

namespace spillway::hybrid {

// A value; nullptr when there is none.
[[nodiscard]] Node* ResidentValue(State* state, const EntryAddress& address, spw_code* code);
// The header of a map, whose entries may still be in runs; nullptr when no run holds anything of it.
[[nodiscard]] Node* ResidentMap(State* state, const EntryAddress& address, spw_code* code);
// An entry of a map; `*map` is that of ResidentMap before and is kept up to date. nullptr when there is none.
[[nodiscard]] Node* ResidentMapEntry(State* state, const EntryAddress& address, const Probe& map_probe, Node** map,
                                     spw_code* code);
// All of a list: its node is not partial afterwards. nullptr when there is none. May wait for a flush to end.
[[nodiscard]] Node* ResidentList(State* state, const EntryAddress& address, spw_code* code);

// Puts what was found in a run into the table, unless it is there; the record may be a delete. For batches, too.
void InstallValue(State* state, const EntryAddress& address, const spill::RunRecord& record);
void InstallMap(State* state, const EntryAddress& address, const spill::RunRecord& record);
void InstallMapEntry(State* state, const EntryAddress& address, const Probe& map_probe, const spill::RunRecord& record);

// Whether a run may hold the key, now or when the flush under way is done.
[[nodiscard]] bool IsHidden(const KeyGroupTable& table, const spill::RecordKey& key);

}  // namespace spillway::hybrid
