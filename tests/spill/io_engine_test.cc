#include "spill/io_engine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "spill/aligned_buffer.h"
#include "spill/directory.h"
#include "tests/support/io_engines.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

class IoEngineTest : public TestOnEngines {
 protected:
  static AlignedBuffer Buffer(uint64_t size, uint64_t seed = 0) {
    AlignedBuffer buffer = AlignedBuffer::Allocate(size).value();
    std::mt19937_64 random(seed);
    for (uint64_t i = 0; i < buffer.size(); i += 8) StoreBytes(buffer.data() + i, random());
    return buffer;
  }
  [[nodiscard]] Directory OpenDirectory() const { return Directory::Open(temporary_.path().string()).value(); }
  // A file of so many bytes, not through an engine.
  [[nodiscard]] File MakeFile(const std::string& name, uint64_t size) const {
    const std::string path = temporary_.path().string() + "/" + name;
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT, 0600);
    const std::string bytes(size, 'x');
    EXPECT_EQ(write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(size));
    return {descriptor, path, false};
  }
  std::vector<IoRequest*> PollAll(size_t count) {
    std::vector<IoRequest*> all;
    std::array<IoRequest*, 7> some;
    while (all.size() < count && engine_->Wait(kIoWaitForever)) {
      const uint32_t got = engine_->Poll(some);
      all.insert(all.end(), some.begin(), some.begin() + got);
    }
    return all;
  }
  static void ExpectNames(const Status& status, StatusCode code, std::initializer_list<const char*> words) {
    EXPECT_EQ(status.code(), code) << status.ToString();
    for (const char* word : words) EXPECT_NE(status.message().find(word), std::string::npos) << status.ToString();
  }

  runtime::TemporaryFolder temporary_;
};

TEST_P(IoEngineTest, WhatIsWrittenIsRead) {
  const Directory directory = OpenDirectory();
  const File file = directory.CreateFile("data").value();
  uint64_t offset = 0;
  for (const uint64_t size : {uint64_t{4096}, uint64_t{512 * 1024}, uint64_t{516 * 1024}, uint64_t{3 << 20}}) {
    const AlignedBuffer written = Buffer(size, size);
    IoRequest request;
    request.Write(file, offset, written.data(), size);
    ASSERT_TRUE(engine_->Execute(&request).ok()) << request.status().ToString();
    EXPECT_EQ(request.transferred(), size);
    AlignedBuffer read = Buffer(size);
    request.Read(file, offset, read.data(), size);
    ASSERT_TRUE(engine_->Execute(&request).ok()) << request.status().ToString();
    EXPECT_EQ(std::memcmp(read.data(), written.data(), size), 0);
    offset += size;
  }
  IoRequest sync;
  sync.Sync(file);
  EXPECT_TRUE(engine_->Execute(&sync).ok());
  sync.Sync(directory.handle());
  EXPECT_TRUE(engine_->Execute(&sync).ok());
  const IoCounters counters = engine_->counters();
  EXPECT_EQ(counters.reads, 4u);
  EXPECT_EQ(counters.writes, 4u);
  EXPECT_EQ(counters.syncs, 2u);
  EXPECT_EQ(counters.read_bytes, offset);
  EXPECT_EQ(counters.written_bytes, offset);
  EXPECT_EQ(counters.errors, 0u);
}

TEST_P(IoEngineTest, MoreRequestsThanTheDepthWaitAndAreAllDone) {
  IoEngineOptions options;
  options.depth = 4;
  options.threads_max = 3;
  engine_ = MakeTestEngine(GetParam(), options);
  const File file = OpenDirectory().CreateFile("data").value();
  constexpr size_t kCount = 300;
  AlignedBuffer buffer = Buffer(kCount * kIoAlignment, 1);
  std::vector<IoRequest> requests(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    requests[i].Write(file, i * kIoAlignment, buffer.data() + i * kIoAlignment, kIoAlignment);
    engine_->Submit(&requests[i]);
  }
  engine_->Flush();
  EXPECT_EQ(engine_->counters().in_flight, 4u);
  EXPECT_EQ(engine_->counters().queued, kCount - 4);
  size_t done = 0;
  std::array<IoRequest*, 8> some;
  while (done < kCount) {
    ASSERT_TRUE(engine_->Wait(kIoWaitForever));
    const uint32_t got = engine_->Poll(some);
    for (uint32_t i = 0; i < got; ++i) EXPECT_TRUE(some[i]->status().ok()) << some[i]->status().ToString();
    done += got;
    EXPECT_LE(engine_->counters().in_flight, 4u);
  }
  EXPECT_FALSE(engine_->Wait(kIoWaitForever)) << "nothing is under way";
  AlignedBuffer read = Buffer(buffer.size());
  for (size_t i = 0; i < kCount; ++i) {
    requests[i].Read(file, i * kIoAlignment, read.data() + i * kIoAlignment, kIoAlignment);
    engine_->Submit(&requests[i]);
  }
  EXPECT_EQ(PollAll(kCount).size(), kCount);
  EXPECT_EQ(std::memcmp(read.data(), buffer.data(), buffer.size()), 0);
}

TEST_P(IoEngineTest, TheEndOfAFileIsAnErrorUnlessAllowed) {
  const File file = MakeFile("short", 5000);
  AlignedBuffer buffer = Buffer(8192);
  IoRequest request;
  request.Read(file, 0, buffer.data(), 8192);
  ExpectNames(engine_->Execute(&request), StatusCode::kCorruption, {"/short", "8192 bytes", "offset 0", "after 5000"});
  request.Read(file, 8192, buffer.data(), 4096);
  ExpectNames(engine_->Execute(&request), StatusCode::kCorruption, {"/short", "4096 bytes", "offset 8192"});
  request.set_short_at_end(true);
  request.Read(file, 4096, buffer.data(), 4096);
  EXPECT_TRUE(engine_->Execute(&request).ok());
  EXPECT_EQ(request.transferred(), 904u);
  const Directory directory = OpenDirectory();
  const File direct = directory.OpenFile("short").value();
  request.Read(direct, 0, buffer.data(), 8192);
  EXPECT_TRUE(engine_->Execute(&request).ok()) << request.status().ToString();
  EXPECT_EQ(request.transferred(), 5000u);
}

TEST_P(IoEngineTest, ErrorsOfTheKernelNameFileOffsetAndSize) {
  AlignedBuffer buffer = Buffer(4096);
  IoRequest request;
  const File full(open("/dev/full", O_WRONLY), "/dev/full", false);
  request.Write(full, 4096, buffer.data(), 4096);
  ExpectNames(engine_->Execute(&request), StatusCode::kNoSpace,
              {"/dev/full", "4096 bytes", "offset 4096", "No space left on device (ENOSPC)"});
  const File memory(open("/proc/self/mem", O_RDONLY), "/proc/self/mem", false);
  request.Read(memory, 0, buffer.data(), 4096);
  ExpectNames(engine_->Execute(&request), StatusCode::kIoError, {"/proc/self/mem", "Input/output error (EIO)"});
  const File write_only(open((temporary_ / "w").c_str(), O_WRONLY | O_CREAT, 0600), "w", false);
  request.Read(write_only, 0, buffer.data(), 4096);
  ExpectNames(engine_->Execute(&request), StatusCode::kIoError, {"cannot read", "(EBADF)"});
  EXPECT_EQ(engine_->counters().errors, 3u);
}

TEST_P(IoEngineTest, InvalidRequestsEndAtOnce) {
  AlignedBuffer buffer = Buffer(8192);
  IoRequest request;
  const File none;
  request.Read(none, 0, buffer.data(), 4096);
  EXPECT_EQ(engine_->Execute(&request).code(), StatusCode::kInvalidArgument);
  const Directory directory = OpenDirectory();
  const File file = directory.CreateFile("data").value();
  request.Read(file, 0, buffer.data(), 0);
  EXPECT_EQ(engine_->Execute(&request).code(), StatusCode::kInvalidArgument);
  if (!directory.direct()) GTEST_SKIP() << directory.note();
  request.Write(file, 512, buffer.data(), 4096);
  ExpectNames(engine_->Execute(&request), StatusCode::kInvalidArgument, {"/data", "offset 512", "4096"});
  request.Write(file, 0, buffer.data() + 1, 4096);
  EXPECT_EQ(engine_->Execute(&request).code(), StatusCode::kInvalidArgument);
}

TEST_P(IoEngineTest, TheEventDescriptorIsReadableWhileThereAreCompletions) {
  const File file = MakeFile("data", 64 * 4096);
  pollfd event{engine_->EventDescriptor().value(), POLLIN, 0};
  std::array<IoRequest*, 2> some;
  while (engine_->Poll(some) > 0) {
  }
  ASSERT_EQ(poll(&event, 1, 0), 0);
  AlignedBuffer buffer = Buffer(8 * 4096);
  std::vector<IoRequest> requests(8);
  for (int round = 0; round < 20; ++round) {
    for (size_t i = 0; i < requests.size(); ++i) {
      requests[i].Read(file, i * 4096, buffer.data() + i * 4096, 4096);
      engine_->Submit(&requests[i]);
    }
    engine_->Flush();
    size_t done = 0;
    while (done < requests.size()) {
      ASSERT_EQ(poll(&event, 1, 10000), 1) << done;
      done += engine_->Poll(some);
    }
    EXPECT_EQ(engine_->Poll(some), 0u);
    EXPECT_EQ(poll(&event, 1, 0), 0);
  }
  // One that ends at once, and one that ends while another is awaited, are told as well.
  const File none;
  requests[0].Read(none, 0, buffer.data(), 4096);
  engine_->Submit(&requests[0]);
  EXPECT_EQ(poll(&event, 1, 10000), 1);
  EXPECT_EQ(PollAll(1).front(), &requests[0]);
}

TEST_P(IoEngineTest, AwaitKeepsWhatOthersAskedForToBePolled) {
  const File file = MakeFile("data", 64 * 4096);
  AlignedBuffer buffer = Buffer(9 * 4096);
  std::vector<IoRequest> polled(8);
  for (size_t i = 0; i < polled.size(); ++i) {
    polled[i].Read(file, i * 4096, buffer.data() + i * 4096, 4096);
    engine_->Submit(&polled[i]);
  }
  IoRequest awaited;
  awaited.Read(file, 0, buffer.data() + 8 * 4096, 4096);
  EXPECT_TRUE(engine_->Execute(&awaited).ok());
  engine_->Drain();
  EXPECT_EQ(engine_->counters().in_flight, 0u);
  std::vector<IoRequest*> done = PollAll(8);
  std::sort(done.begin(), done.end());
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(done[i], &polled[i]);
}

TEST_P(IoEngineTest, CancelledRequestsEndAsCancelled) {
  IoEngineOptions options;
  options.depth = 1;
  engine_ = MakeTestEngine(GetParam(), options);
  const File file = MakeFile("data", 64 * 4096);
  AlignedBuffer buffer = Buffer(16 * 4096);
  std::vector<IoRequest> requests(16);
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].Read(file, i * 4096, buffer.data() + i * 4096, 4096);
    engine_->Submit(&requests[i]);
  }
  engine_->Flush();
  for (size_t i = 0; i < requests.size(); i += 2) engine_->Cancel(&requests[i]);
  EXPECT_EQ(PollAll(16).size(), 16u);
  for (size_t i = 0; i < requests.size(); ++i) {
    const Status& status = requests[i].status();
    if (i == 0) {  // it was with the kernel and may have been too fast
      EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCancelled) << status.ToString();
    } else if (i % 2 == 0) {
      ExpectNames(status, StatusCode::kCancelled, {"/data", "4096 bytes"});
    } else {
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
  }
  EXPECT_GE(engine_->counters().cancelled, 7u);
  EXPECT_EQ(engine_->counters().errors, 0u);
}

TEST_P(IoEngineTest, CloseCancelsWhatHasNotBegunAndWaitsForTheRest) {
  IoEngineOptions options;
  options.depth = 2;
  engine_ = MakeTestEngine(GetParam(), options);
  const File file = MakeFile("data", 64 * 4096);
  AlignedBuffer buffer = Buffer(16 * 4096);
  std::vector<IoRequest> requests(16);
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].Read(file, i * 4096, buffer.data() + i * 4096, 4096);
    engine_->Submit(&requests[i]);
  }
  engine_->Flush();
  engine_->Close();
  EXPECT_EQ(engine_->counters().in_flight, 0u);
  size_t cancelled = 0;
  for (const IoRequest& request : requests) {
    EXPECT_TRUE(request.done());
    if (request.status().code() == StatusCode::kCancelled) ++cancelled;
  }
  EXPECT_GE(cancelled, 14u);
  EXPECT_EQ(PollAll(16).size(), 16u);
  IoRequest late;
  late.Read(file, 0, buffer.data(), 4096);
  EXPECT_EQ(engine_->Execute(&late).code(), StatusCode::kClosed);
}

TEST_P(IoEngineTest, AnotherThreadMayBecomeTheOwner) {
  const File file = MakeFile("data", 4096);
  AlignedBuffer buffer = Buffer(4096);
  IoRequest request;
  request.Read(file, 0, buffer.data(), 4096);
  ASSERT_TRUE(engine_->Execute(&request).ok());
  engine_->RegisterFile(file);
  std::thread([&] {
    ASSERT_TRUE(engine_->Bind().ok());
    engine_->RegisterFile(file);
    IoRequest other;
    other.Read(file, 0, buffer.data(), 4096);
    EXPECT_TRUE(engine_->Execute(&other).ok()) << other.status().ToString();
    engine_->ForgetFile(file);
  }).join();
  ASSERT_TRUE(engine_->Bind().ok());
  request.Read(file, 0, buffer.data(), 4096);
  EXPECT_TRUE(engine_->Execute(&request).ok());
}

TEST_P(IoEngineTest, RegisteredFilesAndBuffersChangeNothing) {
  const Directory directory = OpenDirectory();
  AlignedBuffer registered = Buffer(1 << 20, 3);
  const iovec memory{registered.data(), registered.size()};
  engine_->RegisterBuffers({&memory, 1});
  for (int round = 0; round < 4; ++round) {
    // The descriptor's number is used again for another file.
    const File file = directory.CreateFile("data" + std::to_string(round)).value();
    engine_->RegisterFile(file);
    engine_->RegisterFile(file);
    IoRequest request;
    request.Write(file, 0, registered.data(), registered.size());
    ASSERT_TRUE(engine_->Execute(&request).ok()) << request.status().ToString();
    AlignedBuffer other = Buffer(1 << 20);
    request.Read(file, 0, other.data(), other.size());
    ASSERT_TRUE(engine_->Execute(&request).ok()) << request.status().ToString();
    EXPECT_EQ(std::memcmp(other.data(), registered.data(), other.size()), 0);
    request.Read(file, 4096, registered.data() + 4096, 8192);
    ASSERT_TRUE(engine_->Execute(&request).ok()) << request.status().ToString();
    EXPECT_EQ(std::memcmp(other.data(), registered.data(), other.size()), 0);
    if (round == 1) continue;  // closed without a word
    engine_->ForgetFile(file);
    engine_->ForgetFile(file);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, IoEngineTest, AllTestEngines(), TestEngineParam);

// A read of an empty pipe never ends by itself.
TEST(UringEngineTest, WhatIsWithTheKernelCanBeCancelledAndWaitedFor) {
  const std::unique_ptr<IoEngine> engine = MakeTestEngine(TestEngine::kUring);
  if (engine == nullptr) GTEST_SKIP() << "io_uring is not available here";
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const File reading(ends[0], "pipe", false);
  const File writing(ends[1], "pipe", false);
  char buffer[16];
  IoRequest request;
  request.Read(reading, 0, buffer, sizeof(buffer));
  engine->Submit(&request);
  EXPECT_FALSE(engine->Wait(1000)) << "the time is over";
  engine->Cancel(&request);
  ASSERT_TRUE(engine->Wait(kIoWaitForever));
  std::array<IoRequest*, 1> done;
  ASSERT_EQ(engine->Poll(done), 1u);
  EXPECT_EQ(request.status().code(), StatusCode::kCancelled) << request.status().ToString();
  request.Read(reading, 0, buffer, sizeof(buffer));
  engine->Submit(&request);
  engine->Flush();
  engine->Close();
  EXPECT_EQ(request.status().code(), StatusCode::kCancelled) << request.status().ToString();
  EXPECT_EQ(engine->Poll(done), 1u);
}

}  // namespace
}  // namespace spillway::spill
