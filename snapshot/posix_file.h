// The system calls behind the directory storage, with errors that a person can act on. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "spillway/bytes.h"
#include "spillway/status.h"

namespace spillway::snapshot {

// Owns a descriptor; -1 is none.
class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;

  [[nodiscard]] int get() const { return descriptor_; }
  // 0, or the errno: some file systems tell only here that a write was lost.
  int Close();

 private:
  int descriptor_;
};

// "cannot create /x/y: No space left on device; free space there or …": code by the error, advice by the code.
[[nodiscard]] Status ErrnoStatus(std::string_view action, const std::filesystem::path& path, int error);
[[nodiscard]] Status AlreadyThere(const std::filesystem::path& path);

// Short writes and interruptions are taken up again.
[[nodiscard]] Status WriteAll(int descriptor, BytesView bytes, const std::filesystem::path& path);
// Fewer bytes than asked for are kCorruption: the caller knows the file's size.
[[nodiscard]] Status ReadAll(int descriptor, uint64_t offset, uint64_t size, char* buffer, const std::string& name);

[[nodiscard]] Status SyncDirectory(const std::filesystem::path& directory);
// Makes `directory` and what is missing between it and `base`, each durable in its parent.
[[nodiscard]] Status MakeDirectories(const std::filesystem::path& base, const std::filesystem::path& directory);
// kInvalidState when `to` is there.
[[nodiscard]] Status RenameWithoutReplacing(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace spillway::snapshot
