// Serializer<T>: how a T becomes flat bytes, and the schema that says so.
//
// Trivially copyable types are their own bytes ("flat"): nothing is converted, state hands out pointers to them.
// Strings are their characters. Pairs, tuples and vectors join their parts, flat ones as they are, others with their
// length in front. Other types specialise Serializer with the same members. Pure functions, any thread.
//
// A schema names type and layout; the host compares it between the state that was stored and the code that reads it. A
// type may say `static constexpr std::string_view kSchema = "vm-stats-v1"`; else the compiler's name, the size and the
// alignment stand for it, so a change of layout that keeps all three needs a kSchema of its own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "spillway/bytes.h"

namespace spillway {

// The namespace of state that has none; its bytes are empty.
struct VoidNamespace {
  bool operator==(const VoidNamespace&) const = default;
};

namespace internal {

template <typename T>
inline constexpr bool kIsSpan = false;
template <typename T, size_t kExtent>
inline constexpr bool kIsSpan<std::span<T, kExtent>> = true;

// Types whose bytes are an address and not the value.
template <typename T>
inline constexpr bool kPointsElsewhere =
    std::is_pointer_v<T> || std::is_member_pointer_v<T> || kIsSpan<T> || std::is_same_v<T, std::string_view>;

template <typename T>
concept HasOwnSchema = requires {
  std::string_view(T::kSchema);
};

}  // namespace internal

template <typename T>
concept FlatType =
    std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> && !std::is_same_v<T, VoidNamespace> &&
    !internal::kPointsElsewhere<T> && alignof(T) <= 16;

// Flat types that are equal exactly when their bytes are, so that they can be keys: no padding, no floating point.
template <typename T>
concept FlatKey = FlatType<T> && std::has_unique_object_representations_v<T>;

template <typename T>
struct Serializer;

template <FlatType T>
struct Serializer<T> {
  static constexpr bool kFlat = true;

  static std::string Schema() {
    if constexpr (internal::HasOwnSchema<T>) {
      return std::string(T::kSchema);
    } else if constexpr (std::is_same_v<T, bool>) {
      return "bool";
    } else if constexpr (std::is_integral_v<T>) {
      return (std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T) * 8);
    } else if constexpr (std::is_floating_point_v<T>) {
      return "f" + std::to_string(sizeof(T) * 8);
    } else {
      return std::string("flat ") + typeid(T).name() + " size " + std::to_string(sizeof(T)) + " align " +
             std::to_string(alignof(T));
    }
  }
  static void Write(const T& value, std::string* out) { out->append(reinterpret_cast<const char*>(&value), sizeof(T)); }
  // False when the bytes are not those of a T; all of `bytes` belongs to it.
  static bool Read(BytesView bytes, T* value) {
    if (bytes.size() != sizeof(T)) return false;
    *value = LoadBytes<T>(bytes.data());
    return true;
  }
};

template <>
struct Serializer<std::string> {
  static constexpr bool kFlat = false;
  static std::string Schema() { return "string"; }
  static void Write(const std::string& value, std::string* out) { out->append(value); }
  static bool Read(BytesView bytes, std::string* value) {
    value->assign(bytes);
    return true;
  }
};

template <>
struct Serializer<VoidNamespace> {
  static constexpr bool kFlat = false;
  static std::string Schema() { return ""; }
  static void Write(const VoidNamespace&, std::string*) {}
  static bool Read(BytesView bytes, VoidNamespace*) { return bytes.empty(); }
};

template <typename T>
[[nodiscard]] std::string SchemaOf() {
  return Serializer<T>::Schema();
}

// The bytes of `value`: its own where it can be, else written to `scratch`. They live as long as both do unchanged.
template <typename T>
[[nodiscard]] BytesView BytesOf(const T& value, std::string* scratch) {
  if constexpr (Serializer<T>::kFlat) {
    return {reinterpret_cast<const char*>(&value), sizeof(T)};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else {
    scratch->clear();
    Serializer<T>::Write(value, scratch);
    return *scratch;
  }
}

namespace internal {

template <typename T>
void WritePart(const T& value, std::string* out) {
  if constexpr (Serializer<T>::kFlat) {
    Serializer<T>::Write(value, out);
  } else {
    std::string scratch;
    ByteWriter(out).Framed(BytesOf(value, &scratch));
  }
}

template <typename T>
bool ReadPart(ByteReader* in, T* value) {
  BytesView bytes;
  if constexpr (Serializer<T>::kFlat) {
    bytes = in->Raw(sizeof(T));
  } else {
    bytes = in->Framed();
  }
  return in->ok() && Serializer<T>::Read(bytes, value);
}

}  // namespace internal

template <typename... Ts>
struct Serializer<std::tuple<Ts...>> {
  static constexpr bool kFlat = false;
  static std::string Schema() {
    std::string schema;
    ((schema += (schema.empty() ? "" : ", ") + SchemaOf<Ts>()), ...);
    return "tuple<" + schema + ">";
  }
  static void Write(const std::tuple<Ts...>& value, std::string* out) {
    std::apply([out](const Ts&... parts) { (internal::WritePart(parts, out), ...); }, value);
  }
  static bool Read(BytesView bytes, std::tuple<Ts...>* value) {
    ByteReader in(bytes);
    return std::apply([&in](Ts&... parts) { return (internal::ReadPart(&in, &parts) && ...); }, *value) && in.AtEnd();
  }
};

template <typename A, typename B>
struct Serializer<std::pair<A, B>> {
  static constexpr bool kFlat = false;
  static std::string Schema() { return "pair<" + SchemaOf<A>() + ", " + SchemaOf<B>() + ">"; }
  static void Write(const std::pair<A, B>& value, std::string* out) {
    internal::WritePart(value.first, out);
    internal::WritePart(value.second, out);
  }
  static bool Read(BytesView bytes, std::pair<A, B>* value) {
    ByteReader in(bytes);
    return internal::ReadPart(&in, &value->first) && internal::ReadPart(&in, &value->second) && in.AtEnd();
  }
};

template <typename T>
struct Serializer<std::vector<T>> {
  static constexpr bool kFlat = false;
  static std::string Schema() { return "vector<" + SchemaOf<T>() + ">"; }
  static void Write(const std::vector<T>& value, std::string* out) {
    for (const T& part : value) internal::WritePart(part, out);
  }
  static bool Read(BytesView bytes, std::vector<T>* value) {
    value->clear();
    ByteReader in(bytes);
    while (!in.AtEnd()) {
      T part{};
      if (!internal::ReadPart(&in, &part)) return false;
      value->push_back(std::move(part));
    }
    return true;
  }
};

// Types that can be keys, namespaces and map keys: equal values must have equal bytes.
namespace internal {

template <typename T>
inline constexpr bool kIsKey = !Serializer<T>::kFlat || FlatKey<T>;
template <typename A, typename B>
inline constexpr bool kIsKey<std::pair<A, B>> = kIsKey<A>&& kIsKey<B>;
template <typename... Ts>
inline constexpr bool kIsKey<std::tuple<Ts...>> = (kIsKey<Ts> && ...);
template <typename T>
inline constexpr bool kIsKey<std::vector<T>> = kIsKey<T>;

}  // namespace internal

template <typename T>
concept KeyType = internal::kIsKey<T>;

// The bytes of a namespace. Only VoidNamespace gives none: what may be empty has its length in front.
template <KeyType N>
[[nodiscard]] BytesView NamespaceBytesOf(const N& state_namespace, std::string* scratch) {
  if constexpr (Serializer<N>::kFlat || std::is_same_v<N, VoidNamespace>) {
    return BytesOf(state_namespace, scratch);
  } else {
    scratch->clear();
    internal::WritePart(state_namespace, scratch);
    return *scratch;
  }
}

// False when the bytes are not those of an N.
template <KeyType N>
[[nodiscard]] bool ReadNamespace(BytesView bytes, N* state_namespace) {
  if constexpr (Serializer<N>::kFlat || std::is_same_v<N, VoidNamespace>) {
    return Serializer<N>::Read(bytes, state_namespace);
  } else {
    ByteReader in(bytes);
    return internal::ReadPart(&in, state_namespace) && in.AtEnd();
  }
}

}  // namespace spillway
