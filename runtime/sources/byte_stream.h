// Reads the bytes of an input file from front to back, decompressing what is compressed.
//
// OpenByteStream tells by the first four bytes of the file, not by its name, whether it is zstd (one frame or several)
// or plain; only a file that has less and is called *.zst counts as a frame that was cut off. A stream belongs to one
// thread. Errors: kCorruption when compressed data is damaged, cut off, or needs a window beyond zstd's default limit
// of 128 MiB (what was read before stays good); kIoError and kNotFound as the system says, naming the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/sources/input_handle.h"
#include "spillway/status.h"

namespace spillway::runtime {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads up to `size` (> 0) bytes; 0 means the end.
  virtual Result<size_t> Read(char* buffer, size_t size) = 0;
  // Moves forward; kCorruption when the end comes first. Plain files seek, compressed ones are read and dropped.
  virtual Status Skip(uint64_t size) = 0;
  // How many bytes of the file itself were used, for progress.
  [[nodiscard]] virtual uint64_t FileBytesRead() const = 0;
  [[nodiscard]] virtual const InputHandle& file() const = 0;
};

[[nodiscard]] Result<std::unique_ptr<ByteStream>> OpenByteStream(const std::string& path);

}  // namespace spillway::runtime
