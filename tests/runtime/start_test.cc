// Jobs that end before they began: while some subtasks wait at the start gate for the others.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <thread>

#include "runtime/task/start_gate.h"
#include "tests/runtime/counting_job.h"
#include "tests/support/temporary_folder.h"

namespace {

std::atomic<int> threads_left{-1};  // below 0: as many as the system gives

}  // namespace

// In front of the system's own: for a process that has reached its limit of threads.
extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                                     const pthread_attr_t* attributes,
                                                                     void* (*function)(void*),
                                                                     void* argument) noexcept {
  static const auto kCreate = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left == 0) return EAGAIN;
  if (threads_left > 0) --threads_left;
  return kCreate(thread, attributes, function, argument);
}

namespace spillway::runtime {
namespace {

constexpr uint32_t kParallelism = 8;

// What all copies of the function share.
struct Openings {
  std::atomic<uint32_t> opened{0};
  std::atomic<uint32_t> closed{0};
  std::atomic<uint32_t> records{0};
  std::function<Status()> last_one;  // how the open of the last subtask ends, once all others have opened
};

class CountsOpenings : public KeyedProcessFunction<Number, Number, Count> {
 public:
  explicit CountsOpenings(std::shared_ptr<Openings> openings) : openings_(std::move(openings)) {}
  Status Open(RuntimeContext& context) override {
    if (context.subtask() + 1 < kParallelism) {
      ++openings_->opened;
      return {};
    }
    while (openings_->opened + 1 < kParallelism) std::this_thread::yield();
    return openings_->last_one();
  }
  Status ProcessElement(const Number&, KeyedContext<Number>&, Collector<Count>&) override {
    ++openings_->records;
    return {};
  }
  Status Close() override {
    ++openings_->closed;
    return {};
  }

 private:
  std::shared_ptr<Openings> openings_;
};

class NotesRunning final : public JobObserver {
 public:
  void OnRunning() override { running_ = true; }
  [[nodiscard]] bool running() const { return running_; }

 private:
  bool running_ = false;
};

class StartTest : public testing::Test {
 protected:
  Result<JobResult> Run(JobControl* control = nullptr, const std::filesystem::path& checkpoints = {}) {
    ExecutionOptions options = TestOptions(kParallelism);
    options.checkpoints.directory = checkpoints;
    StreamExecutionEnvironment env(options);
    env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(RandomSplits(8, 100, 10, 1)))
        .KeyBy([](Number number) { return number; })
        .Process("count", CountsOpenings(openings_))
        .SinkTo("counts", std::make_shared<CollectingSink<Count>>(std::make_shared<CollectedOutput<Count>>()));
    return env.Execute("starting", control, &observer_);
  }
  void ExpectNothingRan() const {
    EXPECT_FALSE(observer_.running());
    EXPECT_EQ(openings_->records, 0u);
    EXPECT_EQ(openings_->closed, 0u) << "closed like one that has run to its end";
  }

  const std::shared_ptr<Openings> openings_ = std::make_shared<Openings>();
  NotesRunning observer_;
};

TEST_F(StartTest, WhenOneCannotOpenTheOthersEndWithoutHavingRun) {
  for (int i = 0; i < 100; ++i) {
    openings_->opened = 0;
    openings_->last_one = [] { return Status::IoError("the last one cannot open"); };
    const auto result = Run();
    ASSERT_EQ(result.status().code(), StatusCode::kIoError) << result.status().ToString();
    ExpectNothingRan();
  }
}

TEST_F(StartTest, WhenTheJobIsCancelledAtTheGateNothingRuns) {
  for (int i = 0; i < 100; ++i) {
    openings_->opened = 0;
    JobControl control;
    openings_->last_one = [&control]() -> Status {
      control.Cancel();
      return {};
    };
    const auto result = Run(&control);
    ASSERT_EQ(result.status().code(), StatusCode::kCancelled) << result.status().ToString();
    ExpectNothingRan();
  }
}

TEST_F(StartTest, WhenThereAreNoMoreThreadsTheJobFailsAndEnds) {
  openings_->last_one = [] { return Status(); };
  for (int threads : {0, 1, 5, 15}) {
    threads_left = threads;
    const auto result = Run();
    threads_left = -1;
    ASSERT_EQ(result.status().code(), StatusCode::kOutOfMemory) << result.status().ToString();
    EXPECT_NE(result.status().message().find("cannot start a thread"), std::string::npos);
    ExpectNothingRan();
  }
}

TEST_F(StartTest, NotEvenForSnapshots) {
  openings_->last_one = [] { return Status(); };
  const TemporaryFolder folder;
  for (int threads : {0, 1, 3, 10}) {
    threads_left = threads;
    const auto result = Run(nullptr, folder.path());
    threads_left = -1;
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.status().message().find("Resource temporarily unavailable"), std::string::npos)
        << result.status().ToString();
    ExpectNothingRan();
  }
}

TEST(StartGate, GivesAllTheSameAnswer) {
  for (int i = 0; i < 200; ++i) {
    StartGate gate(4);
    std::atomic<int> through{0};
    std::vector<std::thread> subtasks;
    for (int subtask = 0; subtask < 4; ++subtask) {
      subtasks.emplace_back([&] { through += gate.ArriveAndWait() ? 1 : 0; });
    }
    std::thread canceller([&] { gate.Cancel(); });
    const bool opened = gate.Wait();
    for (std::thread& subtask : subtasks) subtask.join();
    canceller.join();
    EXPECT_EQ(through, opened ? 4 : 0);
  }
}

}  // namespace
}  // namespace spillway::runtime
