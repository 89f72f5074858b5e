// How a page was used: how often, when last, and how far apart.
//
// A flat value: it lives in keyed state and is changed there. kSchema names its layout; a change of the layout needs
// another one.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace spillway::runtime {

struct PageUse {
  static constexpr std::string_view kSchema = "page-use-v1";

  uint64_t accesses = 0;
  uint64_t last_request = 0;
  uint64_t distance_sum = 0;  // in requests, from each access to the next

  // Requests come in the order of their numbers.
  void Add(uint64_t request) {
    if (accesses > 0) distance_sum += request - last_request;
    ++accesses;
    last_request = request;
  }

  // 0 for a page that was touched once.
  [[nodiscard]] double MeanReuseDistance() const {
    return accesses < 2 ? 0 : static_cast<double>(distance_sum) / static_cast<double>(accesses - 1);
  }
};
static_assert(std::is_trivially_copyable_v<PageUse> && sizeof(PageUse) == 24, "what kSchema names");

}  // namespace spillway::runtime
