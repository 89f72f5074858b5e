// What engines make of short I/O, retries, errors and torn writes, through the double that does all of these.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "spill/aligned_buffer.h"
#include "spill/directory.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class IoFaultTest : public testing::Test {
 protected:
  IoFaultTest()
      : file_(Directory::Open(temporary_.path().string()).value().CreateFile("data").value()),
        buffer_(AlignedBuffer::Allocate(kSize).value()) {
    for (uint64_t i = 0; i < kSize; ++i) buffer_.data()[i] = static_cast<char>(i / 4096 + i);
  }
  // Writes the buffer and reads it again.
  Status RoundTrip(const IoFaults& faults) {
    const std::unique_ptr<FaultEngine> engine = MakeFaultEngine(faults);
    IoRequest request;
    request.Write(file_, 0, buffer_.data(), kSize);
    SPILLWAY_RETURN_IF_ERROR(engine->Execute(&request));
    AlignedBuffer read = AlignedBuffer::Allocate(kSize).value();
    request.Read(file_, 0, read.data(), kSize);
    SPILLWAY_RETURN_IF_ERROR(engine->Execute(&request));
    EXPECT_EQ(std::memcmp(read.data(), buffer_.data(), kSize), 0);
    retries_ = engine->counters().retries;
    return {};
  }

  static constexpr uint64_t kSize = 3 << 19;
  runtime::TemporaryFolder temporary_;
  File file_;
  AlignedBuffer buffer_;
  uint64_t retries_ = 0;
};

TEST_F(IoFaultTest, ShortIoGoesOn) {
  IoFaults faults;
  faults.short_percent = 100;
  for (faults.seed = 1; faults.seed < 20; ++faults.seed) {
    const Status status = RoundTrip(faults);
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_GT(retries_, 0u);
  }
}

TEST_F(IoFaultTest, InterruptedAndRefusedPiecesAreTriedAgain) {
  IoFaults faults;
  faults.again_percent = 70;
  for (faults.seed = 1; faults.seed < 20; ++faults.seed) {
    const Status status = RoundTrip(faults);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
}

TEST_F(IoFaultTest, RetriesAreLimited) {
  for (const int error : {EAGAIN, EINTR}) {
    IoFaults faults;
    faults.fail_at = 1;
    faults.error = error;
    faults.fail_count = kIoRetriesMax;
    EXPECT_TRUE(RoundTrip(faults).ok());
    EXPECT_EQ(retries_, kIoRetriesMax);
    ++faults.fail_count;
    const Status status = RoundTrip(faults);
    EXPECT_EQ(status.code(), StatusCode::kIoError);
    EXPECT_NE(status.message().find(strerrorname_np(error)), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find("after 524288"), std::string::npos) << status.ToString();
  }
}

TEST_F(IoFaultTest, EveryPieceMayFail) {
  constexpr struct {
    int error;
    StatusCode code;
  } kCases[] = {{EIO, StatusCode::kIoError},
                {ENOSPC, StatusCode::kNoSpace},
                {EDQUOT, StatusCode::kNoSpace},
                {ECANCELED, StatusCode::kCancelled},
                {ENOMEM, StatusCode::kOutOfMemory}};
  for (const auto& [error, code] : kCases) {
    for (const bool torn : {false, true}) {
      for (uint64_t piece = 0; piece < 6; ++piece) {
        IoFaults faults;
        faults.fail_at = piece;
        faults.error = error;
        faults.torn = torn;
        const Status status = RoundTrip(faults);
        EXPECT_EQ(status.code(), code) << status.ToString();
        EXPECT_NE(status.message().find("/data"), std::string::npos);
        EXPECT_NE(status.message().find(piece < 3 ? "cannot write 1572864" : "cannot read 1572864"), std::string::npos)
            << status.ToString();
      }
      IoFaults after;
      after.fail_at = 6;
      EXPECT_TRUE(RoundTrip(after).ok());
    }
  }
}

TEST_F(IoFaultTest, ATornWriteLeavesItsFirstHalf) {
  IoFaults faults;
  faults.fail_at = 0;
  faults.torn = true;
  EXPECT_EQ(RoundTrip(faults).code(), StatusCode::kIoError);
  EXPECT_EQ(file_.Size().value(), kIoPieceBytesMax / 2);
}

TEST_F(IoFaultTest, CompletionsOvertakeEachOther) {
  IoFaults faults;
  faults.delay_rounds_max = 5;
  const std::unique_ptr<FaultEngine> engine = MakeFaultEngine(faults);
  constexpr size_t kCount = 64;
  std::vector<IoRequest> requests(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    requests[i].Write(file_, i * 4096, buffer_.data() + i * 4096, 4096);
    engine->Submit(&requests[i]);
  }
  std::vector<IoRequest*> order;
  std::array<IoRequest*, 8> some;
  while (order.size() < kCount) {
    ASSERT_TRUE(engine->Wait(kIoWaitForever));
    const uint32_t got = engine->Poll(some);
    order.insert(order.end(), some.begin(), some.begin() + got);
  }
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (size_t i = 0; i < kCount; ++i) EXPECT_EQ(order[i], &requests[i]);
}

}  // namespace
}  // namespace spillway::spill
