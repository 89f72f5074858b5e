#include "spillway/serializer.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <set>

namespace spillway {
namespace {

struct Point {
  int32_t x;
  int32_t y;
  bool operator==(const Point&) const = default;
};
struct Padded {
  int8_t a;
  int64_t b;
};
struct Named {
  static constexpr std::string_view kSchema = "named-v1";
  double value;
};

static_assert(FlatType<int> && FlatType<double> && FlatType<Point> && FlatType<Padded> && FlatType<std::array<int, 4>>);
static_assert(!FlatType<std::string> && !FlatType<std::string_view> && !FlatType<int*> && !FlatType<const char*> &&
              !FlatType<std::span<int>> && !FlatType<VoidNamespace>);
static_assert(KeyType<int> && KeyType<Point> && KeyType<std::string> && KeyType<VoidNamespace>);
static_assert(KeyType<std::pair<std::string, int>> && KeyType<std::tuple<int, std::vector<std::string>>>);
static_assert(!KeyType<double> && !KeyType<Padded>, "equal values may have other bytes");
static_assert(!KeyType<std::pair<std::string, double>> && !KeyType<std::vector<Padded>>);

template <typename T>
std::string Bytes(const T& value) {
  std::string scratch;
  return std::string(BytesOf(value, &scratch));
}
template <typename T>
void ExpectRoundTrip(const T& value) {
  T read{};
  ASSERT_TRUE(Serializer<T>::Read(Bytes(value), &read)) << SchemaOf<T>();
  EXPECT_TRUE(read == value) << SchemaOf<T>();
  std::string written;
  Serializer<T>::Write(value, &written);
  EXPECT_EQ(written, Bytes(value)) << SchemaOf<T>();
}

TEST(Serializer, ValuesComeBack) {
  ExpectRoundTrip(true);
  ExpectRoundTrip<int8_t>(-1);
  ExpectRoundTrip<uint64_t>(std::numeric_limits<uint64_t>::max());
  ExpectRoundTrip(-0.5);
  ExpectRoundTrip(Point{1, -2});
  ExpectRoundTrip(std::string());
  ExpectRoundTrip(std::string("a\0b", 3));
  ExpectRoundTrip(std::pair<int, std::string>(1, "one"));
  ExpectRoundTrip(std::tuple<std::string, Point, std::string>("a", {1, 2}, ""));
  ExpectRoundTrip(std::tuple<>());
  ExpectRoundTrip(std::vector<int>{});
  ExpectRoundTrip(std::vector<int>{1, 2, 3});
  ExpectRoundTrip(std::vector<std::string>{"", "b", std::string(1000, 'c')});
  ExpectRoundTrip(std::vector<std::pair<std::string, std::vector<double>>>{{"a", {1.5}}, {"b", {}}});
}

TEST(Serializer, FlatTypesAreTheirOwnBytes) {
  const uint32_t number = 0x01020304;
  std::string scratch;
  const BytesView bytes = BytesOf(number, &scratch);
  EXPECT_EQ(static_cast<const void*>(bytes.data()), static_cast<const void*>(&number));
  EXPECT_EQ(bytes, BytesView("\x04\x03\x02\x01", 4));
  const std::string text = "not copied either";
  EXPECT_EQ(BytesOf(text, &scratch).data(), text.data());
}

TEST(Serializer, WrongBytesAreRefused) {
  uint32_t number = 0;
  EXPECT_FALSE(Serializer<uint32_t>::Read("123", &number));
  EXPECT_FALSE(Serializer<uint32_t>::Read("12345", &number));
  using Pair = std::pair<std::string, std::string>;
  const std::string whole = Bytes(Pair("abc", "de"));
  Pair pair;
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Serializer<Pair>::Read(BytesView(whole).substr(0, size), &pair)) << size;
  }
  EXPECT_FALSE(Serializer<Pair>::Read(whole + "x", &pair));
  std::vector<uint32_t> numbers;
  EXPECT_FALSE(Serializer<std::vector<uint32_t>>::Read("123456", &numbers));
  std::vector<std::string> texts;
  EXPECT_FALSE(
      Serializer<std::vector<std::string>>::Read("\x05"
                                                 "abc",
                                                 &texts));
  EXPECT_FALSE(Serializer<std::vector<std::string>>::Read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &texts));
  VoidNamespace none;
  EXPECT_FALSE(Serializer<VoidNamespace>::Read("x", &none));
}

TEST(Serializer, JoinedPartsNeverRunIntoOneAnother) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_NE(Bytes(Pair("ab", "c")), Bytes(Pair("a", "bc")));
  EXPECT_NE(Bytes(std::vector<std::string>{"a", ""}), Bytes(std::vector<std::string>{"a"}));
}

TEST(Serializer, SchemasTellTypesApart) {
  const std::set<std::string> schemas = {SchemaOf<bool>(),
                                         SchemaOf<int32_t>(),
                                         SchemaOf<uint32_t>(),
                                         SchemaOf<int64_t>(),
                                         SchemaOf<float>(),
                                         SchemaOf<double>(),
                                         SchemaOf<Point>(),
                                         SchemaOf<Padded>(),
                                         SchemaOf<Named>(),
                                         SchemaOf<std::string>(),
                                         SchemaOf<VoidNamespace>(),
                                         SchemaOf<std::pair<int, int>>(),
                                         SchemaOf<std::tuple<int, int>>(),
                                         SchemaOf<std::tuple<int>>(),
                                         SchemaOf<std::vector<int>>(),
                                         SchemaOf<std::vector<std::vector<int>>>()};
  EXPECT_EQ(schemas.size(), 16u);
  EXPECT_EQ(SchemaOf<Named>(), "named-v1");
  EXPECT_EQ((SchemaOf<std::pair<std::string, std::vector<double>>>()), "pair<string, vector<f64>>");
  EXPECT_EQ(SchemaOf<int64_t>(), SchemaOf<long>());
}

template <typename N>
std::string NamespaceBytes(const N& state_namespace) {
  std::string scratch;
  std::string bytes(NamespaceBytesOf(state_namespace, &scratch));
  N read{};
  EXPECT_TRUE(ReadNamespace(bytes, &read));
  EXPECT_TRUE(read == state_namespace);
  return bytes;
}

TEST(NamespaceBytes, OnlyTheVoidNamespaceIsEmpty) {
  EXPECT_EQ(NamespaceBytes(VoidNamespace()), "");
  EXPECT_FALSE(NamespaceBytes(std::string()).empty());
  EXPECT_FALSE(NamespaceBytes(std::vector<int>()).empty());
  EXPECT_FALSE(NamespaceBytes(std::tuple<>()).empty());
  EXPECT_EQ(NamespaceBytes(uint8_t{0}), std::string(1, '\0'));
  EXPECT_EQ(NamespaceBytes(std::string("w")), "\x01w");
  std::string text;
  EXPECT_FALSE(ReadNamespace("", &text));
  EXPECT_FALSE(ReadNamespace("\x02w", &text));
  EXPECT_FALSE(ReadNamespace("\x01ww", &text));
}

}  // namespace
}  // namespace spillway
