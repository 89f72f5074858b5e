// FileWriter: appends to a new file through an I/O engine, while the caller makes the next bytes.
//
// Two buffers of 512 KiB: one is filled while the other is written, so memory is bounded and every write is large and
// aligned. The file has a temporary name until Finish, which makes it durable and gives it its own; a writer that is
// not finished, or failed, leaves nothing. For the thread that owns the engine; blocks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "spill/aligned_buffer.h"
#include "spill/directory.h"
#include "spill/io_engine.h"
#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::spill {

class FileWriter {
 public:
  // The engine and the directory outlive the writer.
  static Result<std::unique_ptr<FileWriter>> Create(IoEngine* engine, const Directory* directory,
                                                    const std::string& name);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter() { Abort(); }

  // After an error only Abort is of use.
  [[nodiscard]] Status Append(BytesView bytes);
  // The bytes appended are a multiple of kIoAlignment. `durable`: file and directory are synced.
  [[nodiscard]] Status Finish(bool durable);
  void Abort();

  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] static constexpr uint64_t memory_bytes() { return 2 * kIoPieceBytesMax; }

 private:
  struct Half {
    AlignedBuffer buffer;
    IoRequest write;
  };

  FileWriter(IoEngine* engine, const Directory* directory, const std::string& name)
      : engine_(engine), directory_(directory), name_(name), path_(directory->PathOf(name)) {}
  // Writes what the current half holds and turns to the other, once that is free.
  [[nodiscard]] Status Turn();
  [[nodiscard]] Status WaitFor(Half* half);

  IoEngine* const engine_;
  const Directory* const directory_;
  const std::string name_;
  const std::string path_;
  std::string temporary_name_;
  File file_;
  std::array<Half, 2> halves_;
  size_t current_ = 0;
  uint64_t filled_ = 0;  // of the current half
  uint64_t written_ = 0;
  uint64_t size_ = 0;
};

}  // namespace spillway::spill
