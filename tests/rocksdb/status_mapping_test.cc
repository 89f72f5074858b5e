#include "backend/rocksdb/status_mapping.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway::rocks {
namespace {

TEST(StatusMappingTest, EachKindOfErrorHasItsCode) {
  EXPECT_TRUE(FromRocksDb(rocksdb::Status::OK(), "cannot open /d").ok());
  EXPECT_EQ(FromRocksDb(rocksdb::Status::NoSpace("full"), "").code(), StatusCode::kNoSpace);
  EXPECT_EQ(FromRocksDb(rocksdb::Status::SpaceLimit("limit"), "").code(), StatusCode::kNoSpace);
  EXPECT_EQ(FromRocksDb(rocksdb::Status::IOError("torn"), "").code(), StatusCode::kIoError);
  EXPECT_EQ(FromRocksDb(rocksdb::Status::Corruption("bad"), "").code(), StatusCode::kCorruption);
  EXPECT_EQ(FromRocksDb(rocksdb::Status::MemoryLimit(), "").code(), StatusCode::kOutOfMemory);
  EXPECT_EQ(FromRocksDb(rocksdb::Status::TimedOut(), "").code(), StatusCode::kTimedOut);
  EXPECT_EQ(FromRocksDb(rocksdb::Status::InvalidArgument("x"), "").code(), StatusCode::kInternal);
}

TEST(StatusMappingTest, SaysWhatAndWhereAndWhatToDo) {
  const Status status = FromRocksDb(rocksdb::Status::NoSpace("write failed"), "cannot write to /data/op");
  for (const char* part : {"cannot write to /data/op", "write failed", "free space"}) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace spillway::rocks
