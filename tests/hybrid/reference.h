// What states of all kinds should hold, in std::map and std::set, and the comparison with pinned tables.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backend/hybrid/entry_walk.h"
#include "backend/hybrid/state.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {

using Place = std::tuple<uint32_t, std::string, std::string>;  // key-group, key, namespace
using TimerKey = std::tuple<int64_t, std::string, std::string>;

struct Contents {
  std::map<Place, std::string> values;
  std::map<Place, std::vector<std::string>> lists;
  std::map<Place, std::map<std::string, std::optional<std::string>>> maps;
  std::map<uint32_t, std::set<TimerKey>> timers;  // by key-group
};

// Adds what the walk gives; fails on anything that comes twice or out of order.
void Gather(EntryWalk walk, const State& state, uint32_t group, Contents* found);
void ExpectSame(const Contents& found, const Contents& expected);

// States of an instance beside what they should hold, and random changes made to both.
class Reference {
 public:
  Reference(TestInstance* instance, uint64_t seed);

  // One random operation on one of the states. `keys`: how many different keys there may be.
  void Step(uint32_t keys);
  // Removes everything.
  void ClearAll();

  [[nodiscard]] const Contents& contents() const { return contents_; }
  [[nodiscard]] const std::vector<State*>& states() const { return states_; }
  [[nodiscard]] std::mt19937_64& random() { return random_; }
  // The roots of all tables, states by key-groups; as the live ones are now.
  [[nodiscard]] std::vector<uint64_t> Roots() const;
  // Whether what these roots lead to is `expected`.
  void ExpectHolds(const std::vector<uint64_t>& roots, const Contents& expected) const;

 private:
  void StepValue(const Place& place);
  void StepList(const Place& place);
  void StepMap(const Place& place);
  void StepTimer(uint32_t group, const std::string& key);
  [[nodiscard]] std::string Bytes(uint64_t size_max);
  [[nodiscard]] uint64_t Below(uint64_t bound) { return random_() % bound; }
  [[nodiscard]] EntryAddress AddressOf(const Place& place) const;

  TestInstance* const instance_;
  std::mt19937_64 random_;
  std::vector<State*> states_;  // value, list, map, timer
  Contents contents_;
};

}  // namespace spillway::hybrid
