// Which key-group has the earliest timer: a tournament over the key-groups of one timer state. Owner thread only.
//
// A key-group's change costs one path to the top. Of equal times the lower key-group comes first.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace spillway::hybrid {

class TimerHeads {
 public:
  struct Head {
    int64_t timestamp;
    uint32_t group;
  };

  TimerHeads() = default;
  explicit TimerHeads(uint32_t groups)
      : leaves_(std::bit_ceil(groups)), times_(leaves_, kNone), present_(leaves_, false), winners_(leaves_) {
    for (uint32_t i = 0; i < leaves_ / 2; ++i) winners_[leaves_ / 2 + i] = 2 * i;
    for (uint32_t i = leaves_ / 2; i-- > 1;) winners_[i] = winners_[2 * i];
  }

  // The earliest timer of the key-group, or that it has none.
  void Set(uint32_t group, std::optional<int64_t> earliest) {
    times_[group] = earliest.value_or(kNone);
    present_[group] = earliest.has_value();
    for (uint32_t at = (leaves_ + group) / 2; at >= 1; at /= 2) winners_[at] = Better(Child(2 * at), Child(2 * at + 1));
  }
  [[nodiscard]] std::optional<Head> Earliest() const {
    if (leaves_ == 0) return std::nullopt;
    const uint32_t group = leaves_ == 1 ? 0 : winners_[1];
    if (!present_[group]) return std::nullopt;
    return Head{times_[group], group};
  }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

  [[nodiscard]] uint32_t Child(uint32_t at) const { return at >= leaves_ ? at - leaves_ : winners_[at]; }
  [[nodiscard]] uint32_t Better(uint32_t left, uint32_t right) const {
    if (present_[left] != present_[right]) return present_[left] ? left : right;
    return times_[right] < times_[left] ? right : left;
  }

  uint32_t leaves_ = 0;
  std::vector<int64_t> times_;
  std::vector<bool> present_;
  std::vector<uint32_t> winners_;  // a tree, 1 is its top
};

}  // namespace spillway::hybrid
