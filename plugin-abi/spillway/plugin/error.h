// What both sides of the plugin ABI share in C++: bytes, growing structs and the owner of an spw_error.
//
// Bytes and structs are plain values. An Error owns the message that a slot put into it and releases it at its end; it
// belongs to one thread at a time. Its struct is handed to slots through out(), which empties it first, so a slot never
// meets an old message. Nothing here throws. Includes nothing but libstdc++ and abi.h.
#pragma once

#include <string_view>
#include <utility>

#include "spillway/plugin/abi.h"

namespace spillway::plugin {

// A struct that may grow, zeroed, with its struct_size set.
template <typename T>
[[nodiscard]] constexpr T Sized() noexcept {
  T value{};
  value.struct_size = sizeof(T);
  return value;
}

// A string_view without data (the default-made one) becomes null bytes; any other, empty ones too, is not null.
[[nodiscard]] inline spw_bytes ToBytes(std::string_view text) noexcept {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline spw_bytes NullBytes() noexcept {
  return {nullptr, 0};
}
// Empty, yet not null: the void namespace is this.
[[nodiscard]] inline spw_bytes EmptyBytes() noexcept {
  return ToBytes(std::string_view(""));
}
[[nodiscard]] inline spw_bytes VoidNamespace() noexcept {
  return EmptyBytes();
}

[[nodiscard]] inline std::string_view ToStringView(spw_bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}
[[nodiscard]] inline std::string_view ToStringView(const spw_view& view) noexcept {
  return {reinterpret_cast<const char*>(view.data), view.size};
}

// Negative codes are errors; SPW_OK, SPW_ABSENT and SPW_PENDING are results. Unknown positive codes count as errors.
[[nodiscard]] constexpr bool IsError(spw_code code) noexcept {
  return code < SPW_OK || code > SPW_PENDING;
}

// The code, or SPW_INTERNAL for one that the header does not name.
[[nodiscard]] constexpr spw_code KnownCode(spw_code code) noexcept {
  return code >= SPW_INTERNAL && code <= SPW_PENDING ? code : static_cast<spw_code>(SPW_INTERNAL);
}

class Error {
 public:
  Error() noexcept : error_(Sized<spw_error>()) {}
  ~Error() { Clear(); }
  Error(Error&& other) noexcept : error_(std::exchange(other.error_, Sized<spw_error>())) {}
  Error& operator=(Error&& other) noexcept {
    if (this != &other) {
      Clear();
      error_ = std::exchange(other.error_, Sized<spw_error>());
    }
    return *this;
  }
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;

  // The empty struct, for a slot to fill.
  [[nodiscard]] spw_error* out() noexcept {
    if (error_.message != nullptr || error_.release != nullptr || error_.code != SPW_OK) Clear();
    return &error_;
  }
  void Clear() noexcept {
    if (error_.release != nullptr) error_.release(&error_);
    error_ = Sized<spw_error>();
  }

  [[nodiscard]] spw_code code() const noexcept { return error_.code; }
  // Never null; valid until the next out(), Clear() or the end of this.
  [[nodiscard]] const char* message() const noexcept { return error_.message == nullptr ? "" : error_.message; }

 private:
  spw_error error_;
};

}  // namespace spillway::plugin
