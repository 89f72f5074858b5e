// A file that output is written to, and the durable changes of a directory around it.
//
// OutputFile belongs to one thread. It buffers; Seal writes the rest and makes the content durable. A file that is
// destroyed without Seal is closed as it is, and its name stays until somebody removes it. Errors name the file; a full
// disk is kNoSpace.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::runtime {

class OutputFile {
 public:
  // Makes the file, or empties the one that is there.
  static Result<std::unique_ptr<OutputFile>> Create(const std::filesystem::path& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  Status Append(BytesView bytes);
  // Hands what is buffered to the system.
  Status Flush();
  // Flush, and durable.
  Status Seal();

  [[nodiscard]] uint64_t size() const { return written_ + buffer_.size(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  OutputFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::filesystem::path path_;
  std::string buffer_;
  uint64_t written_ = 0;
};

// The error of a system call that just failed, with a code that fits errno: kNoSpace, kNotFound or kIoError.
[[nodiscard]] Status FileError(const char* what, const std::filesystem::path& path, int error);

// Takes the place of whatever `to` was. Not durable before SyncDirectory.
[[nodiscard]] Status RenameFile(const std::filesystem::path& from, const std::filesystem::path& to);
[[nodiscard]] Status SyncDirectory(const std::filesystem::path& directory);

}  // namespace spillway::runtime
