// The sizes that the arena hands out: steps of 16 bytes up to 128, then eight steps to each doubling up to 64 KiB.
//
// Pure functions. Every size is a multiple of 16, so that every object is aligned to 16; at most an eighth is lost.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace spillway::hybrid {

inline constexpr size_t kObjectAlignment = 16;
inline constexpr size_t kSmallObjectMax = 64 * 1024;
inline constexpr uint32_t kSizeClasses = 80;

[[nodiscard]] constexpr uint32_t SizeClassOf(size_t bytes) {
  if (bytes <= 128) return bytes == 0 ? 0 : static_cast<uint32_t>((bytes - 1) / 16);
  const auto shift = static_cast<uint32_t>(std::bit_width(bytes - 1)) - 4;
  return 8 + (shift - 4) * 8 + static_cast<uint32_t>((bytes - 1) >> shift) - 8;
}

[[nodiscard]] constexpr size_t SizeOfClass(uint32_t size_class) {
  if (size_class < 8) return (size_class + 1) * size_t{16};
  const uint32_t shift = 4 + (size_class - 8) / 8;
  return (size_t{8} + (size_class - 8) % 8 + 1) << shift;
}

// In front of an object above the classes.
inline constexpr size_t kDirectHeaderBytes = 64;

// What an object of so many bytes really takes: its class, or whole system pages above the classes.
[[nodiscard]] constexpr size_t AllocatedBytes(size_t bytes) {
  if (bytes <= kSmallObjectMax) return SizeOfClass(SizeClassOf(bytes));
  return (bytes + kDirectHeaderBytes + 4095) & ~size_t{4095};
}

static_assert(SizeClassOf(kSmallObjectMax) == kSizeClasses - 1);
static_assert(SizeOfClass(SizeClassOf(129)) == 144 && SizeOfClass(SizeClassOf(144)) == 144);
static_assert(SizeOfClass(SizeClassOf(4096)) == 4096 && SizeOfClass(SizeClassOf(kSmallObjectMax)) == kSmallObjectMax);

}  // namespace spillway::hybrid
