// States of which a part is in runs, beside what they should hold. Everything is made by hand out of nodes and records:
// changes with tombstones and partial lists and maps, flushes, evictions, loads, compactions. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "backend/hybrid/hash_tree.h"
#include "spill/directory.h"
#include "spill/io_engine.h"
#include "spill/run_writer.h"
#include "tests/hybrid/reference.h"
#include "tests/support/temporary_folder.h"

namespace spillway::hybrid {

class SpilledModel {
 public:
  // The engine is for what the model itself writes and reads.
  SpilledModel(TestInstance* instance, spill::IoEngine* engine, uint64_t seed, uint32_t keys);

  // Random changes.
  void Steps(int count);
  // Pins all tables; what is dirty is written by FinishFlush.
  void BeginFlush();
  void FinishFlush();
  // Takes a part of what is clean out of memory, and loads some lists.
  void Evict();
  // Merges some adjacent runs of each table that has several.
  void Compact();

  void PutValue(const Place& place, const std::string& value);
  void RemoveValue(const Place& place);
  void Append(const Place& place, const std::vector<std::string>& elements);
  void ReplaceList(const Place& place, const std::vector<std::string>& elements);
  void RemoveList(const Place& place);
  // Absent: null.
  void PutEntry(const Place& place, const std::string& map_key, const std::optional<std::string>& value);
  void RemoveEntry(const Place& place, const std::string& map_key);
  void RemoveMap(const Place& place);

  [[nodiscard]] const Contents& contents() const { return contents_; }
  [[nodiscard]] State* state(size_t index) const { return states_[index]; }  // value, list, map
  [[nodiscard]] std::mt19937_64& random() { return random_; }
  [[nodiscard]] EntryAddress AddressOf(const Place& place) const;
  [[nodiscard]] uint64_t runs() const;  // of the table that has most
  [[nodiscard]] const spill::Directory& directory() const { return directory_; }

 private:
  [[nodiscard]] uint64_t Below(uint64_t bound) { return random_() % bound; }
  [[nodiscard]] std::string Bytes(uint64_t size_max);
  [[nodiscard]] Node* NewNode(State* state, const EntryAddress& address, uint64_t value_size, bool tombstone);
  // Puts the node into the table; retires what hung on one of its key.
  void Put(State* state, const EntryAddress& address, Node* node);
  // A tombstone where one is needed, else nothing. `generation`: of maps.
  void Remove(State* state, const EntryAddress& address, uint64_t generation);
  void TakeOut(State* state, const EntryAddress& address, Node* node);
  void RetireWhatHangsOn(State* state, uint32_t group, const Node* node);
  void ChangeEntry(const Place& place, const std::string& map_key, const std::optional<std::string>& value,
                   bool tombstone);
  void EvictFrom(State* state, uint32_t group);
  void EvictEntries(const EntryAddress& address);
  void LoadList(const Place& place);
  [[nodiscard]] std::unique_ptr<spill::RunWriter> NewRun();
  [[nodiscard]] std::shared_ptr<const spill::RunFile> OpenRun();

  TestInstance* const instance_;
  spill::IoEngine* const engine_;
  const uint32_t keys_;
  std::mt19937_64 random_;
  std::vector<State*> states_;
  Contents contents_;
  std::map<Place, uint64_t> generations_;  // of maps that memory or runs may hold entries of
  std::vector<View> flush_;                // of the tables, state by state; empty when none is under way
  runtime::TemporaryFolder folder_;
  const spill::Directory directory_;
  uint64_t file_id_ = 0;
};

}  // namespace spillway::hybrid
