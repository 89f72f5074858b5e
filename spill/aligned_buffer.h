// Memory that the kernel takes for direct I/O: aligned to a page of 4 KiB, a multiple of it long.
//
// Owns its bytes, moves, is not copied; contents are not initialized. As thread-safe as a std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::spill {

// What offsets, sizes and addresses of direct I/O are multiples of; also the unit of run files.
inline constexpr uint64_t kIoAlignment = 4096;

[[nodiscard]] constexpr bool IsIoAligned(uint64_t value) {
  return value % kIoAlignment == 0;
}
[[nodiscard]] constexpr uint64_t IoAligned(uint64_t value) {
  return (value + kIoAlignment - 1) / kIoAlignment * kIoAlignment;
}

class AlignedBuffer {
 public:
  AlignedBuffer() = default;

  // Of at least `size` bytes.
  static Result<AlignedBuffer> Allocate(uint64_t size) {
    AlignedBuffer buffer;
    buffer.size_ = IoAligned(size);
    buffer.bytes_.reset(
        static_cast<char*>(::operator new[](buffer.size_, std::align_val_t{kIoAlignment}, std::nothrow)));
    if (buffer.bytes_ == nullptr) {
      return Status::OutOfMemory("cannot allocate an I/O buffer of " + std::to_string(buffer.size_) + " bytes");
    }
    return buffer;
  }

  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] uint64_t size() const { return bytes_ == nullptr ? 0 : size_; }
  [[nodiscard]] BytesView View(uint64_t offset, uint64_t size) const { return {bytes_.get() + offset, size}; }

 private:
  struct Free {
    void operator()(char* bytes) const { ::operator delete[](bytes, std::align_val_t{kIoAlignment}); }
  };
  std::unique_ptr<char[], Free> bytes_;
  uint64_t size_ = 0;
};

}  // namespace spillway::spill
