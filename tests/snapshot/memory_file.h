// Files in memory, for tests of formats: bytes to look at and to damage. One thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "snapshot/file.h"

namespace spillway::snapshot {

class MemoryWritableFile : public WritableFile {
 public:
  Status Append(BytesView bytes) override {
    appended_max_ = std::max<uint64_t>(appended_max_, bytes.size());
    if (bytes_.size() + bytes.size() > capacity_) return Status::NoSpace("the test's file is full");
    bytes_.append(bytes);
    return {};
  }
  void set_capacity(uint64_t capacity) { capacity_ = capacity; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] uint64_t appended_max() const { return appended_max_; }

 private:
  std::string bytes_;
  uint64_t capacity_ = UINT64_MAX;
  uint64_t appended_max_ = 0;
};

class MemoryReadableFile : public ReadableFile {
 public:
  explicit MemoryReadableFile(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] uint64_t size() const override { return bytes_.size(); }
  Status ReadAt(uint64_t offset, uint64_t size, char* buffer) override {
    read_max_ = std::max(read_max_, size);
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      return Status::Corruption("beyond the end of the test's file");
    std::memcpy(buffer, bytes_.data() + offset, size);
    return {};
  }
  [[nodiscard]] uint64_t read_max() const { return read_max_; }

 private:
  std::string name_ = "memory/file";
  std::string bytes_;
  uint64_t read_max_ = 0;
};

}  // namespace spillway::snapshot
