// File: a descriptor with its path, opened for direct I/O where the file system takes it.
//
// Only opened and closed here; reading and writing go through an IoEngine. Direct files are read and written in
// multiples of kIoAlignment, at such offsets, from such addresses. Nothing is ever mapped. Moves, owns its descriptor;
// a File must stay where it is, and open, while a request on it is under way. Const functions: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "spillway/status.h"

namespace spillway::spill {

// "Input/output error (EIO)", for messages.
[[nodiscard]] std::string ErrnoText(int error);
// The Status of a failed call: no-space, not-found, cancelled, out-of-memory, else io-error.
[[nodiscard]] Status StatusOfErrno(int error, const std::string& what);

class File {
 public:
  File() = default;
  // Takes over `descriptor`.
  File(int descriptor, std::string path, bool direct);
  File(File&& other) noexcept { *this = std::move(other); }
  File& operator=(File&& other) noexcept;
  ~File() { Close(); }

  // openat(2), made close-on-exec. With `direct` it is tried with O_DIRECT first, and without when that is refused.
  static Result<File> OpenAt(int directory, const std::string& name, std::string path, int flags, bool direct);

  void Close();

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Of this opening: no other in this process has or had it, whereas descriptors come again.
  [[nodiscard]] uint64_t serial() const { return serial_; }
  [[nodiscard]] bool direct() const { return direct_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Result<uint64_t> Size() const;

 private:
  int descriptor_ = -1;
  uint64_t serial_ = 0;
  bool direct_ = false;
  std::string path_;
};

}  // namespace spillway::spill
