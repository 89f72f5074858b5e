// Stubs for slots that a table leaves out, so that nobody tests a slot for NULL before calling it.
//
// A stub answers SPW_UNSUPPORTED with a static message that names the slot, allocates nothing, and may be called from
// any thread. Used by the loader for a plugin's table and by plugins for the host's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"

namespace spillway::plugin {

// A string literal as a template argument.
template <size_t N>
struct Literal {
  constexpr Literal() = default;
  constexpr Literal(const char (&text)[N]) {  // NOLINT(google-explicit-constructor): written as a plain literal
    std::copy_n(text, N, data);
  }
  char data[N]{};
};

namespace internal {

template <Literal kWho, Literal kSlot>
struct UnsupportedMessage {
  static constexpr auto Make() {
    constexpr Literal middle = " does not offer '";
    constexpr size_t who = sizeof(kWho.data) - 1, mid = sizeof(middle.data) - 1, slot = sizeof(kSlot.data) - 1;
    Literal<who + mid + slot + 2> text;
    std::copy_n(kWho.data, who, text.data);
    std::copy_n(middle.data, mid, text.data + who);
    std::copy_n(kSlot.data, slot, text.data + who + mid);
    text.data[who + mid + slot] = '\'';
    return text;
  }
  static constexpr auto kText = Make();
};

template <typename Last>
constexpr Last LastOf(Last last) noexcept {
  return last;
}
template <typename First, typename... Rest>
requires(sizeof...(Rest) > 0) constexpr auto LastOf(First, Rest... rest) noexcept {
  return LastOf(rest...);
}

}  // namespace internal

// Puts a stub into a NULL slot whose last argument is the error. `kWho` begins the message: "the host", "the plugin".
template <Literal kWho, Literal kSlot, typename... Args>
void StubIfNull(spw_code (*&slot)(Args...)) noexcept {
  if (slot != nullptr) return;
  slot = [](Args... args) noexcept -> spw_code {
    spw_error* err = internal::LastOf(args...);
    err->code = SPW_UNSUPPORTED;
    err->message = internal::UnsupportedMessage<kWho, kSlot>::kText.data;
    return SPW_UNSUPPORTED;
  };
}

// The same for a slot that cannot fail: the stub does nothing.
template <Literal kWho, Literal kSlot, typename... Args>
void StubIfNull(void (*&slot)(Args...)) noexcept {
  if (slot == nullptr) slot = [](Args...) noexcept {};
}

// A copy of a table that may be of another size than ours: the part that both know, the rest zero.
template <typename Table>
[[nodiscard]] Table CopyKnownPart(const Table* table) noexcept {
  Table copy{};
  if (table != nullptr) {
    const size_t known = std::min<size_t>(table->struct_size, sizeof(Table));
    std::memcpy(static_cast<void*>(&copy), table, known);
  }
  copy.struct_size = sizeof(Table);
  return copy;
}

}  // namespace spillway::plugin
