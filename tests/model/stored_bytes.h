// Bytes that stay where they are: what a view of the model shows.
//
// A StoredBytes owns one allocation, aligned for every alignment that a state may register. Moving it moves the owner
// and never the bytes, so a view stays good as long as somebody keeps the StoredBytes. Null (a null map value) and
// empty are two things. A value type without threads of its own; copying copies the bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "spillway/plugin/abi.h"

namespace spillway::model {

static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= 16,
              "new[] must give the largest alignment that a state may register");

class StoredBytes {
 public:
  StoredBytes() = default;  // null
  explicit StoredBytes(spw_bytes from) : StoredBytes(from.data, from.size) {}
  StoredBytes(const uint8_t* data, uint64_t size) : size_(size) {
    if (data == nullptr) return;
    data_ = std::make_unique_for_overwrite<uint8_t[]>(size + 1);  // one byte more, so that empty bytes have an address
    if (size > 0) std::memcpy(data_.get(), data, size);
  }
  // `size` zero bytes.
  static StoredBytes Zeroes(uint64_t size) {
    StoredBytes made;
    made.data_ = std::make_unique<uint8_t[]>(size + 1);
    made.size_ = size;
    return made;
  }
  StoredBytes(const StoredBytes& other) : StoredBytes(other.data_.get(), other.size_) {}
  StoredBytes& operator=(const StoredBytes& other) { return *this = StoredBytes(other); }
  StoredBytes(StoredBytes&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  StoredBytes& operator=(StoredBytes&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  [[nodiscard]] bool is_null() const { return data_ == nullptr; }
  [[nodiscard]] uint8_t* data() const { return data_.get(); }
  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(data_.get()), size_}; }

 private:
  std::unique_ptr<uint8_t[]> data_;
  uint64_t size_ = 0;
};

// A value with the schema that it was written under.
struct Stored {
  StoredBytes bytes;
  uint32_t schema_id = 0;

  [[nodiscard]] spw_view view() const {
    return {bytes.data(), bytes.size(), schema_id, bytes.is_null() ? uint32_t{SPW_VIEW_NULL} : 0u};
  }
};

}  // namespace spillway::model
