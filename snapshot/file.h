// Files as the snapshot code sees them: written once from front to back, then immutable and read anywhere.
//
// A WritableFile belongs to one thread at a time; after a failed Append it takes nothing more and can only be
// destroyed. A ReadableFile may be read by any number of threads at once. Names appear in error messages only. Who
// holds the object owns what is behind it.
#pragma once

#include <cstdint>
#include <string>

#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::snapshot {

class WritableFile {
 public:
  WritableFile() = default;
  WritableFile(const WritableFile&) = delete;
  WritableFile& operator=(const WritableFile&) = delete;
  virtual ~WritableFile() = default;

  virtual Status Append(BytesView bytes) = 0;
};

class ReadableFile {
 public:
  ReadableFile() = default;
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;
  virtual ~ReadableFile() = default;

  // What a person would call the file: its path where it has one.
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual uint64_t size() const = 0;
  // Fills `buffer` with exactly `size` bytes, or fails: kCorruption when they reach beyond the end of the file.
  virtual Status ReadAt(uint64_t offset, uint64_t size, char* buffer) = 0;
};

}  // namespace spillway::snapshot
