#include "runtime/sinks/output_names.h"

#include <gtest/gtest.h>

namespace spillway::runtime {
namespace {

TEST(OutputNames, AreThoseOfTheFormat) {
  const OutputNames names("statistics", ".csv");
  const OutputPart part{7, 1};
  EXPECT_EQ(names.Committed(part), "statistics-00000007-00001.csv");
  EXPECT_EQ(names.Pending(part), ".statistics-00000007-00001.pending");
  EXPECT_EQ(names.InProgress(1), ".statistics-00001.in-progress");
  const OutputPart large{UINT64_MAX, UINT32_MAX};
  for (const OutputPart& p : {part, large}) {
    EXPECT_EQ(names.ParseCommitted(names.Committed(p)), p);
    EXPECT_EQ(names.ParsePending(names.Pending(p)), p);
  }
  EXPECT_TRUE(names.IsInProgress(names.InProgress(3)));
}

TEST(OutputNames, OtherFilesAreLeftAlone) {
  const OutputNames names("a-b", ".csv");
  for (const char* name :
       {"", "a-b.csv", "a-b-1.csv", "a-b-1-x.csv", "a-b-1-2-3.csv", "a-b--1-2.csv", "a-c-1-2.csv", "a-b-1-2.txt",
        ".a-b-1-2.csv", "a-b-99999999999999999999-1.csv", "a-b-1-.csv", "xa-b-1-2.csv"}) {
    EXPECT_EQ(names.ParseCommitted(name), std::nullopt) << name;
  }
  EXPECT_EQ(names.ParsePending("a-b-1-2.pending"), std::nullopt);
  EXPECT_FALSE(names.IsInProgress(".a-b-1-2.in-progress"));
}

TEST(Committable, SurvivesItsEncoding) {
  const Committable committable{42, "statistics", {7, 3}, 123'456, 789};
  const auto decoded = Committable::Decode(committable.Encode());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->directory_id, 42u);
  EXPECT_EQ(decoded->sink, "statistics");
  EXPECT_EQ(decoded->part, committable.part);
  EXPECT_EQ(decoded->bytes, 123'456u);
  EXPECT_EQ(decoded->lines, 789u);
}

TEST(Committable, IsTheseBytes) {
  EXPECT_EQ((Committable{0x0807060504030201, "ab", {300, 1}, 2, 3}.Encode()),
            std::string("\x02\x01\x02\x03\x04\x05\x06\x07\x08\x02"
                        "ab\xac\x02\x01\x02\x03"));
}

TEST(Committable, OtherBytesAreRefused) {
  const std::string bytes = Committable{42, "statistics", {7, 3}, 123'456, 789}.Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Committable::Decode(bytes.substr(0, size)).status().code(), StatusCode::kCorruption) << size;
  }
  EXPECT_EQ(Committable::Decode(bytes + "x").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(Committable::Decode("\x01" + bytes.substr(1)).status().code(), StatusCode::kVersionMismatch);
}

}  // namespace
}  // namespace spillway::runtime
