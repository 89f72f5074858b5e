// How warm each key-group of an instance is: a sampled, decaying count of accesses. Owner thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace spillway::hybrid {

class GroupHeat {
 public:
  explicit GroupHeat(uint32_t groups) : accesses_(groups, 0) {}

  // One of sixteen counts.
  void Note(uint32_t group) {
    if ((++seen_ & 15) == 0) ++accesses_[group];
  }
  // Key-groups, the coldest first. What was counted before loses half of its weight with every ranking.
  [[nodiscard]] std::vector<uint32_t> ColdestFirst() {
    std::vector<uint32_t> groups(accesses_.size());
    std::iota(groups.begin(), groups.end(), 0);
    std::stable_sort(groups.begin(), groups.end(),
                     [this](uint32_t left, uint32_t right) { return accesses_[left] < accesses_[right]; });
    for (uint32_t& accesses : accesses_) accesses /= 2;
    return groups;
  }

 private:
  std::vector<uint32_t> accesses_;
  uint32_t seen_ = 0;
};

}  // namespace spillway::hybrid
