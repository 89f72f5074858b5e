// What an instance of the model uses, against its share.
//
// Whatever is about to grow takes first, and is refused when that would exceed the share. Figures are relaxed atomics:
// the owner and snapshots change them, any thread reads them as rough numbers that order nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "spillway/status.h"

namespace spillway::model {

enum class Purpose {
  kEntries,
  kCopies,   // of snapshots and iterators
  kRetired,  // replaced bytes that views may still show
};

class MemoryAccount {
 public:
  explicit MemoryAccount(uint64_t share) : share_(share) {}

  Status Take(Purpose purpose, uint64_t bytes) {
    const uint64_t share = share_.load(std::memory_order_relaxed);
    const uint64_t before = used();
    if (share != 0 && before + bytes > share) {
      return Status::OutOfMemory("needs " + std::to_string(bytes) + " bytes beside the " + std::to_string(before) +
                                 " in use, above the memory share of " + std::to_string(share) +
                                 "; give the instance a larger share");
    }
    Of(purpose).fetch_add(bytes, std::memory_order_relaxed);
    uint64_t peak = peak_.load(std::memory_order_relaxed);
    while (before + bytes > peak && !peak_.compare_exchange_weak(peak, before + bytes, std::memory_order_relaxed)) {
    }
    return {};
  }
  void GiveBack(Purpose purpose, uint64_t bytes) { Of(purpose).fetch_sub(bytes, std::memory_order_relaxed); }
  // An entry becomes what views may still show.
  void Retire(uint64_t bytes) {
    Of(Purpose::kRetired).fetch_add(bytes, std::memory_order_relaxed);
    GiveBack(Purpose::kEntries, bytes);
  }
  void GiveBackRetired() { Of(Purpose::kRetired).store(0, std::memory_order_relaxed); }

  void set_share(uint64_t bytes) { share_.store(bytes, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t share() const { return share_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t of(Purpose purpose) const {
    return figures_[static_cast<int>(purpose)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t used() const { return of(Purpose::kEntries) + of(Purpose::kCopies) + of(Purpose::kRetired); }
  [[nodiscard]] uint64_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t>& Of(Purpose purpose) { return figures_[static_cast<int>(purpose)]; }

  std::atomic<uint64_t> share_;
  std::atomic<uint64_t> figures_[3] = {};
  std::atomic<uint64_t> peak_{0};
};

}  // namespace spillway::model
