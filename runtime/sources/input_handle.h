// A regular file that is read from front to back, and what tells whether it is still the same file later on.
//
// Owns the descriptor. One thread at a time. Errors name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "spillway/status.h"

namespace spillway::runtime {

// What a file held when it had `size` bytes: XXH3 (64 bits) of the first and the last 64 KiB of them. Cheap, and
// notices what people and programs do to files; not made to notice every byte in the middle of a large one.
struct InputFingerprint {
  uint64_t size = 0;
  uint64_t xxh3 = 0;
};

class InputHandle {
 public:
  static Result<std::unique_ptr<InputHandle>> Open(const std::string& path);
  InputHandle(const InputHandle&) = delete;
  InputHandle& operator=(const InputHandle&) = delete;
  ~InputHandle();

  // Up to `size` bytes; 0 at the end of the file.
  Result<size_t> ReadAt(uint64_t offset, char* buffer, size_t size) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  // As it was when the file was opened.
  [[nodiscard]] uint64_t size() const { return size_; }

  Result<InputFingerprint> Fingerprint() const { return FingerprintOf(size_); }
  // Whether the file still begins with what had this fingerprint; it may have grown. kInvalidState when not.
  Status CheckBeginsWith(const InputFingerprint& before) const;

 private:
  InputHandle(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  Result<InputFingerprint> FingerprintOf(uint64_t size) const;
  [[nodiscard]] Status Failed(int error) const;

  int descriptor_;
  std::string path_;
  uint64_t size_ = 0;
};

}  // namespace spillway::runtime
