// Which engine is opened, and what is said of it, where the kernel refuses io_uring or parts of it.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <thread>

#include "spill/aligned_buffer.h"
#include "spill/directory.h"
#include "spill/io_engine.h"
#include "tests/support/io_engines.h"
#include "tests/support/system_call_filter.h"
#include "tests/support/temporary_folder.h"

namespace spillway::spill {
namespace {

// Runs it in a thread of its own, for which the call fails.
template <typename F>
void Refusing(long call, int error, F test) {
  std::thread([&] {
    if (!RefuseSystemCall(call, error)) GTEST_SKIP() << "system calls cannot be filtered here";
    test();
  }).join();
}

bool HasUring() {
  return MakeTestEngine(TestEngine::kUring) != nullptr;
}

Result<std::unique_ptr<IoEngine>> OpenKind(IoEngineKind kind) {
  IoEngineOptions options;
  options.kind = kind;
  return OpenIoEngine(options);
}

Status WriteSomething(IoEngine* engine, const std::string& path) {
  const Directory directory = Directory::Open(path).value();
  const File file = directory.CreateFile("data").value();
  const AlignedBuffer buffer = AlignedBuffer::Allocate(4096).value();
  IoRequest request;
  request.Write(file, 0, buffer.data(), 4096);
  const Status status = engine->Execute(&request);
  EXPECT_TRUE(directory.RemoveFile("data").ok());
  return status;
}

TEST(IoSelectionTest, NamesAreThoseOfTheConfiguration) {
  for (const char* name : {"auto", "uring", "pread"}) {
    EXPECT_EQ(IoEngineKindName(ParseIoEngineKind(name).value()), name);
  }
  const Status status = ParseIoEngineKind("aio").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("'aio': use auto, uring or pread"), std::string::npos);
}

TEST(IoSelectionTest, LimitsAreChecked) {
  for (const uint32_t depth : {0u, kIoDepthMax + 1}) {
    IoEngineOptions options;
    options.depth = depth;
    EXPECT_EQ(OpenIoEngine(options).status().code(), StatusCode::kInvalidArgument);
  }
  IoEngineOptions options;
  options.kind = IoEngineKind::kPread;
  options.threads_max = 0;
  EXPECT_EQ(OpenIoEngine(options).status().code(), StatusCode::kInvalidArgument);
}

TEST(IoSelectionTest, AutoTakesUringWhereItIs) {
  const std::unique_ptr<IoEngine> engine = OpenKind(IoEngineKind::kAuto).value();
  EXPECT_EQ(engine->kind(), HasUring() ? IoEngineKind::kUring : IoEngineKind::kPread);
  EXPECT_EQ(OpenKind(IoEngineKind::kPread).value()->kind(), IoEngineKind::kPread);
  EXPECT_EQ(OpenKind(IoEngineKind::kPread).value()->note(), "");
}

TEST(IoSelectionTest, AutoFallsBackWhereUringIsForbidden) {
  for (const int error : {EPERM, ENOSYS}) {
    Refusing(SYS_io_uring_setup, error, [&] {
      const std::unique_ptr<IoEngine> engine = OpenKind(IoEngineKind::kAuto).value();
      EXPECT_EQ(engine->kind(), IoEngineKind::kPread);
      EXPECT_NE(engine->note().find("io_uring cannot be used here"), std::string::npos) << engine->note();
      EXPECT_NE(engine->note().find(strerrorname_np(error)), std::string::npos) << engine->note();
      ASSERT_TRUE(engine->Bind().ok());
      const runtime::TemporaryFolder temporary;
      EXPECT_TRUE(WriteSomething(engine.get(), temporary.path().string()).ok());
      const Status status = OpenKind(IoEngineKind::kUring).status();
      EXPECT_EQ(status.code(), StatusCode::kUnsupported);
      EXPECT_NE(status.message().find(strerrorname_np(error)), std::string::npos) << status.ToString();
    });
  }
}

TEST(IoSelectionTest, UringWorksWithoutRegistration) {
  if (!HasUring()) GTEST_SKIP() << "io_uring is not available here";
  // Enabling a ring is a registration too, so this is the plain one.
  Refusing(SYS_io_uring_register, EPERM, [] {
    IoEngineOptions options;
    options.kind = IoEngineKind::kUring;
    options.plain_ring = true;
    const std::unique_ptr<IoEngine> engine = OpenIoEngine(options).value();
    ASSERT_TRUE(engine->Bind().ok());
    AlignedBuffer buffer = AlignedBuffer::Allocate(4096).value();
    const iovec memory{buffer.data(), buffer.size()};
    engine->RegisterBuffers({&memory, 1});
    for (const char* word : {"plain mode", "files are not registered", "buffers are not registered", "EPERM"}) {
      EXPECT_NE(engine->note().find(word), std::string::npos) << engine->note();
    }
    const runtime::TemporaryFolder temporary;
    EXPECT_TRUE(WriteSomething(engine.get(), temporary.path().string()).ok());
  });
}

TEST(IoSelectionTest, AKernelThatTakesNoMoreSubmissionsIsAnErrorOfEachRequest) {
  if (!HasUring()) GTEST_SKIP() << "io_uring is not available here";
  for (const int error : {EAGAIN, EBADF}) {
    Refusing(SYS_io_uring_enter, error, [&] {
      IoEngineOptions options;
      options.kind = IoEngineKind::kUring;
      const std::unique_ptr<IoEngine> engine = OpenIoEngine(options).value();
      ASSERT_TRUE(engine->Bind().ok());
      const runtime::TemporaryFolder temporary;
      for (int i = 0; i < 2; ++i) {
        const Status status = WriteSomething(engine.get(), temporary.path().string());
        EXPECT_EQ(status.code(), StatusCode::kIoError);
        EXPECT_NE(status.message().find(strerrorname_np(error)), std::string::npos) << status.ToString();
        EXPECT_NE(status.message().find("/data"), std::string::npos) << status.ToString();
      }
      EXPECT_EQ(engine->counters().in_flight, 0u);
    });
  }
}

TEST(IoSelectionTest, AnOlderKernelsRingDoesTheSame) {
  if (!HasUring()) GTEST_SKIP() << "io_uring is not available here";
  IoEngineOptions options;
  options.kind = IoEngineKind::kUring;
  options.plain_ring = true;
  options.registered_files = 0;
  const std::unique_ptr<IoEngine> engine = OpenIoEngine(options).value();
  ASSERT_TRUE(engine->Bind().ok());
  EXPECT_NE(engine->note().find("plain mode"), std::string::npos);
  const runtime::TemporaryFolder temporary;
  EXPECT_TRUE(WriteSomething(engine.get(), temporary.path().string()).ok());
}

}  // namespace
}  // namespace spillway::spill
