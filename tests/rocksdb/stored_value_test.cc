#include "backend/rocksdb/stored_value.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "backend/rocksdb/time_to_live.h"

namespace spillway::rocks {
namespace {

std::string Stored(BytesView bytes, const ValueTrailer& trailer) {
  return std::string(bytes).append(trailer.view());
}

TEST(StoredValueTest, ValuesComeBackAsTheyWere) {
  for (const uint32_t schema : {0u, 1u, 62u, 63u, 64u, 1023u}) {
    for (const bool stamped : {false, true}) {
      for (const char* text : {"", "x", "a longer one"}) {
        const std::string stored = Stored(text, ValueTrailer(schema, false, stamped, -5));
        StoredValue value;
        ASSERT_TRUE(DecodeValue(stored, &value));
        EXPECT_EQ(value.bytes, text);
        EXPECT_EQ(value.schema_id, schema);
        EXPECT_FALSE(value.is_null);
        EXPECT_EQ(value.has_stamp, stamped);
        EXPECT_EQ(value.stamp, stamped ? -5 : 0);
      }
    }
  }
}

TEST(StoredValueTest, NullIsNotEmpty) {
  StoredValue value;
  ASSERT_TRUE(DecodeValue(Stored("", ValueTrailer(3, true, false, 0)), &value));
  EXPECT_TRUE(value.is_null);
  ASSERT_TRUE(DecodeValue(Stored("", ValueTrailer(3, false, false, 0)), &value));
  EXPECT_FALSE(value.is_null);
}

TEST(StoredValueTest, AValueCostsOneByteMore) {
  EXPECT_EQ(ValueTrailer(0, false, false, 0).view().size(), 1u);
}

TEST(StoredValueTest, BrokenValuesAreRefused) {
  StoredValue value;
  EXPECT_FALSE(DecodeValue("", &value));
  const std::string trailer(ValueTrailer(1000, false, true, 1).view());
  for (size_t cut = 1; cut < trailer.size(); ++cut) EXPECT_FALSE(DecodeValue(trailer.substr(cut), &value)) << cut;
}

TEST(StoredValueTest, ListsAreReadInOrder) {
  std::string list;
  const std::vector<std::string> elements = {"one", "", std::string(1000, 'z'), "one"};
  for (size_t i = 0; i < elements.size(); ++i) {
    AppendElement(elements[i], ValueTrailer(static_cast<uint32_t>(i), false, false, 0), &list);
  }
  ListReader reader(list);
  StoredValue element;
  for (size_t i = 0; i < elements.size(); ++i) {
    ASSERT_TRUE(reader.Next(&element));
    EXPECT_EQ(element.bytes, elements[i]);
    EXPECT_EQ(element.schema_id, i);
  }
  EXPECT_FALSE(reader.Next(&element));
  EXPECT_TRUE(reader.ok());
}

TEST(StoredValueTest, ABrokenListIsNoShorterList) {
  std::string list;
  AppendElement("first", ValueTrailer(0, false, false, 0), &list);
  AppendElement("second", ValueTrailer(0, false, false, 0), &list);
  list.pop_back();
  ListReader reader(list);
  StoredValue element;
  EXPECT_TRUE(reader.Next(&element));
  EXPECT_FALSE(reader.Next(&element));
  EXPECT_FALSE(reader.ok());
}

TEST(TimeToLiveTest, ExpiresWhenTheDurationIsOver) {
  TimeToLive time_to_live;
  StoredValue value;
  value.has_stamp = true;
  value.stamp = 1000;
  EXPECT_FALSE(time_to_live.IsExpired(value, std::numeric_limits<int64_t>::max()));
  time_to_live.Set(50, 0);
  EXPECT_FALSE(time_to_live.IsExpired(value, 1049));
  EXPECT_TRUE(time_to_live.IsExpired(value, 1050));
}

TEST(TimeToLiveTest, BeyondTheEndOfTimeIsNever) {
  TimeToLive time_to_live;
  time_to_live.Set(std::numeric_limits<int64_t>::max(), 0);
  StoredValue value;
  value.has_stamp = true;
  value.stamp = 1;
  EXPECT_FALSE(time_to_live.IsExpired(value, std::numeric_limits<int64_t>::max()));
}

TEST(TimeToLiveTest, ValuesWithoutAStampCountFromWhenItBegan) {
  TimeToLive time_to_live;
  time_to_live.Set(100, 5000);
  time_to_live.Set(200, 6000);  // another duration is no other beginning
  const StoredValue value;
  EXPECT_FALSE(time_to_live.IsExpired(value, 5199));
  EXPECT_TRUE(time_to_live.IsExpired(value, 5200));
}

}  // namespace
}  // namespace spillway::rocks
