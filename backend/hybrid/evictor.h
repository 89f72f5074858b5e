// Takes clean entries out of memory: what a run holds as it is. Owner thread only.
//
// It goes through the key-groups from the coldest on, and through their tables segment by segment, like the hand of a
// clock: what was touched more than once since the hand passed last stays this time, the rest goes. Tables with a live
// view are left out, since the view would keep what is evicted, and so are timers, which stay in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/hybrid/group_heat.h"
#include "backend/hybrid/shown_nodes.h"
#include "backend/hybrid/state.h"

namespace spillway::hybrid {

class Evictor {
 public:
  enum class When {
    kSafepoint,    // the host sees nothing
    kInOperation,  // what the host may see stays
  };

  Evictor(Instance* instance, GroupHeat* heat) : instance_(instance), heat_(heat) {}

  // Sweeps at most so many segments, until so many bytes are free or two rounds found no more. Returns the bytes freed.
  uint64_t Evict(uint64_t bytes, uint64_t segments, When when);
  // After a flush or when views ended there is something to be found again.
  void Refresh() { fruitless_ = 0; }
  [[nodiscard]] bool exhausted() const { return fruitless_ > 2; }

 private:
  // Moves to the next table; ranks anew after the last.
  void NextTable();
  // `shown`: what stays; null: nothing has to.
  uint64_t SweepSegment(State* state, uint32_t group, const ShownSet* shown);
  uint64_t SweepMap(State* state, uint32_t group, Node* node, const ShownSet* shown);
  [[nodiscard]] static bool IsKept(Node* node, uint32_t flushed_epoch, const ShownSet* shown);

  Instance* const instance_;
  GroupHeat* const heat_;
  std::vector<uint32_t> groups_;  // the ranking
  size_t at_group_ = 0;
  size_t at_state_ = 0;
  uint32_t hand_ = 0;
  uint64_t freed_in_round_ = 0;
  uint32_t fruitless_ = 0;  // rounds in a row that freed nothing
};

}  // namespace spillway::hybrid
