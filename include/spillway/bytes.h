// Flat bytes: how keys, namespaces and values look everywhere in Spillway.
//
// BytesView borrows, std::string owns. Numbers are little-endian with fixed width; variable parts are framed by a
// LEB128 length in front, so that joined fields never run into one another ("ab","c" differs from "a","bc").
//
// ByteWriter appends to a std::string it does not own. ByteReader walks a BytesView that must outlive it, checks every
// bound and never reads beyond: a failed read leaves it failed, and ok() tells at the end. Not thread-safe.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace spillway {

static_assert(std::endian::native == std::endian::little, "the formats are written by memcpy of little-endian numbers");

using BytesView = std::string_view;

template <typename T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T LoadBytes(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
requires std::is_trivially_copyable_v<T>
void StoreBytes(void* to, const T& value) {
  std::memcpy(to, &value, sizeof(T));
}

class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}

  template <typename T>
  requires std::integral<T> || std::floating_point<T>
  void Fixed(T value) { out_->append(reinterpret_cast<const char*>(&value), sizeof(T)); }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_->push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_->push_back(static_cast<char>(value));
  }
  void Raw(BytesView bytes) { out_->append(bytes); }
  void Framed(BytesView bytes) {
    Varint(bytes.size());
    Raw(bytes);
  }

 private:
  std::string* out_;
};

class ByteReader {
 public:
  explicit ByteReader(BytesView in) : in_(in) {}

  template <typename T>
  requires std::integral<T> || std::floating_point<T> T Fixed() {
    BytesView bytes = Raw(sizeof(T));
    return ok_ ? LoadBytes<T>(bytes.data()) : T{};
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(Fixed<uint8_t>());
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) break;  // would overflow 64 bits
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  BytesView Raw(uint64_t size) {
    if (!ok_ || size > in_.size() - position_) {
      ok_ = false;
      return {};
    }
    BytesView bytes = in_.substr(position_, size);
    position_ += size;
    return bytes;
  }
  BytesView Framed() { return Raw(Varint()); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool AtEnd() const { return position_ == in_.size(); }
  [[nodiscard]] uint64_t position() const { return position_; }
  [[nodiscard]] uint64_t remaining() const { return in_.size() - position_; }

 private:
  BytesView in_;
  uint64_t position_ = 0;
  bool ok_ = true;
};

}  // namespace spillway
