// What one backend instance has taken from the system, byte by byte and by what it serves, and its share.
//
// The owner thread alone takes and gives memory of the table (entries, index, retired); I/O buffers are charged by any
// thread. Everything may be read by any thread. `used` is what was taken from the system: the categories and what lies
// free inside the allocator (slack), so that the share is compared with what the process really holds.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace spillway::hybrid {

enum class Category : uint8_t { kEntries, kIndex, kRetired };

// Whether an allocation may go beyond the share. Removals and what frees memory must go on whatever the share is.
enum class Charge : uint8_t { kWithinShare, kOverdraft };

class MemoryAccount {
 public:
  explicit MemoryAccount(uint64_t share) : share_(share) {}

  // 0 means no limit. Any thread.
  void set_share(uint64_t bytes) { share_.store(bytes, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t share() const { return share_.load(std::memory_order_relaxed); }

  // How far the share may be exceeded for now, by writes that cannot wait for the next safepoint to free memory.
  void set_reserve(uint64_t bytes) { reserve_.store(bytes, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t reserve() const { return reserve_.load(std::memory_order_relaxed); }

  // Whether `bytes` more may be taken from the system.
  [[nodiscard]] bool Allows(uint64_t bytes) const {
    const uint64_t limit = share();
    return limit == 0 || used() + bytes <= limit + reserve_.load(std::memory_order_relaxed);
  }

  // Taken from and given back to the system. Relaxed everywhere: figures, they order nothing.
  void Take(uint64_t bytes) {
    const uint64_t now = taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    uint64_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }
  void Give(uint64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

  // Owner thread only, so that counting costs no locked instruction.
  void Add(Category category, uint64_t bytes) {
    std::atomic<uint64_t>& figure = by_category_[static_cast<size_t>(category)];
    figure.store(figure.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }
  void Subtract(Category category, uint64_t bytes) {
    std::atomic<uint64_t>& figure = by_category_[static_cast<size_t>(category)];
    figure.store(figure.load(std::memory_order_relaxed) - bytes, std::memory_order_relaxed);
  }
  void Move(Category from, Category to, uint64_t bytes) {
    Subtract(from, bytes);
    Add(to, bytes);
  }

  // Buffers and iterators: from the system, by any thread.
  void AddIo(uint64_t bytes) {
    io_.fetch_add(bytes, std::memory_order_relaxed);
    Take(bytes);
  }
  void SubtractIo(uint64_t bytes) {
    io_.fetch_sub(bytes, std::memory_order_relaxed);
    Give(bytes);
  }

  [[nodiscard]] uint64_t used() const { return taken_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t used_peak() const { return peak_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t of(Category category) const {
    return by_category_[static_cast<size_t>(category)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t io() const { return io_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> share_;
  std::atomic<uint64_t> reserve_{0};
  std::atomic<uint64_t> taken_{0};
  std::atomic<uint64_t> peak_{0};
  std::atomic<uint64_t> io_{0};
  std::atomic<uint64_t> by_category_[3]{};
};

// I/O memory that is charged as long as this lives.
class IoCharge {
 public:
  IoCharge(MemoryAccount* account, uint64_t bytes) : account_(account), bytes_(bytes) { account_->AddIo(bytes_); }
  ~IoCharge() { account_->SubtractIo(bytes_); }
  IoCharge(const IoCharge&) = delete;
  IoCharge& operator=(const IoCharge&) = delete;

  // The charge becomes `bytes`.
  void Set(uint64_t bytes) {
    if (bytes > bytes_) account_->AddIo(bytes - bytes_);
    if (bytes < bytes_) account_->SubtractIo(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  MemoryAccount* account_;
  uint64_t bytes_;
};

}  // namespace spillway::hybrid
