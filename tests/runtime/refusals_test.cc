// Jobs that are refused before anything runs, each with a reason that says what to do.
#include <gtest/gtest.h>

#include "tests/runtime/counting_job.h"
#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

class RestoreRefusals : public testing::Test {
 protected:
  void SetUp() override {
    job_.splits = RandomSplits(3, 100, 10, 21);
    JobControl control;
    control.StopWithCheckpoint();
    const auto result = job_.Run(Options(), &control);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    ASSERT_EQ(result->outcome, JobOutcome::kStopped);
  }
  [[nodiscard]] ExecutionOptions Options() const {
    ExecutionOptions options = TestOptions(2);
    options.checkpoints.directory = folder_.path();
    options.restore = RestoreMode::kLatest;
    return options;
  }
  void ExpectRefused(const Result<JobResult>& result, StatusCode code, std::string_view word) const {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), code) << result.status().ToString();
    EXPECT_NE(result.status().message().find(word), std::string::npos) << result.status().ToString();
  }

  const TemporaryFolder folder_;
  CountingJob job_;
};

TEST_F(RestoreRefusals, AnotherMaximumParallelism) {
  ExecutionOptions options = Options();
  options.max_parallelism = 32;
  ExpectRefused(job_.Run(options), StatusCode::kInvalidArgument, "maximum parallelism of 16");
}

TEST_F(RestoreRefusals, AnotherInput) {
  job_.splits.push_back({1, 2, 3});
  ExpectRefused(job_.Run(Options()), StatusCode::kInvalidState, "'numbers' finds 4 splits");
}

TEST_F(RestoreRefusals, OperatorsByOtherNames) {
  StreamExecutionEnvironment env(Options());
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(job_.splits))
      .KeyBy([](Number number) { return number; })
      .Process("renamed", CountPerKey())
      .SinkTo("counts", std::make_shared<CollectingSink<Count>>(job_.output));
  ExpectRefused(env.Execute("counting"), StatusCode::kInvalidArgument, "'count', which the job does not have");
}

TEST_F(RestoreRefusals, AnOperatorMore) {
  StreamExecutionEnvironment env(Options());
  const auto numbers = env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(job_.splits));
  const auto counts = numbers.KeyBy([](Number number) { return number; }).Process("count", CountPerKey());
  counts.SinkTo("counts", std::make_shared<CollectingSink<Count>>(job_.output));
  numbers.SinkTo("copy", std::make_shared<CollectingSink<Number>>(std::make_shared<CollectedOutput<Number>>()));
  ExpectRefused(env.Execute("counting"), StatusCode::kInvalidArgument, "nothing of the job's operator 'copy'");
}

TEST_F(RestoreRefusals, AnotherJob) {
  ExecutionOptions options = Options();
  options.restore = RestoreMode::kPath;
  options.restore_path = folder_ / "counting" / "chk-1";
  StreamExecutionEnvironment env(options);
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(job_.splits))
      .KeyBy([](Number number) { return number; })
      .Process("count", CountPerKey())
      .SinkTo("counts", std::make_shared<CollectingSink<Count>>(job_.output));
  ExpectRefused(env.Execute("another"), StatusCode::kInvalidArgument, "of job 'counting', not of 'another'");
}

// The count became a text: the state is there under the same name with another serializer.
class CountsInText : public KeyedProcessFunction<Number, Number, Count> {
 public:
  Status Open(RuntimeContext& context) override { return context.GetValueState<std::string>("count").status(); }
  Status ProcessElement(const Number&, KeyedContext<Number>&, Collector<Count>&) override { return {}; }
};

TEST_F(RestoreRefusals, AStateOfAnotherType) {
  JobControl control;  // something must be in the state
  job_.read_hook = [&](size_t, size_t index) -> Result<bool> {
    if (index == 10) control.StopWithCheckpoint();
    return index < 20;
  };
  job_.splits.assign(3, std::vector<Number>(100, 5));
  const TemporaryFolder folder;
  ExecutionOptions options = Options();
  options.checkpoints.directory = folder.path();
  ASSERT_TRUE(job_.Run(options, &control).ok());
  StreamExecutionEnvironment env(options);
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(job_.splits))
      .KeyBy([](Number number) { return number; })
      .Process("count", CountsInText())
      .SinkTo("counts", std::make_shared<CollectingSink<Count>>(job_.output));
  ExpectRefused(env.Execute("counting"), StatusCode::kStateMigration, "count");
}

TEST_F(RestoreRefusals, NoSuchPath) {
  ExecutionOptions options = Options();
  options.restore = RestoreMode::kPath;
  options.restore_path = folder_ / "nowhere";
  const auto result = job_.Run(options);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("nowhere"), std::string::npos) << result.status().ToString();
}

Status RunWith(const ExecutionOptions& options, const std::string& job_name = "refused") {
  StreamExecutionEnvironment env(options);
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(std::vector<std::vector<Number>>{{1}}))
      .KeyBy([](Number number) { return number; })
      .Process("count", CountPerKey())
      .SinkTo("counts", std::make_shared<CollectingSink<Count>>(std::make_shared<CollectedOutput<Count>>()));
  return env.Execute(job_name).status();
}

TEST(Refusals, OptionsOutOfTheirLimits) {
  const auto refused = [](auto change) {
    ExecutionOptions options = TestOptions(2);
    change(options);
    return RunWith(options).code() == StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.parallelism = 0; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.parallelism = 17; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.max_parallelism = 0; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.max_parallelism = 32769; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.batch_records_max = 0; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.channel_batches_max = 0; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.checkpoints.retained_max = 0; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.checkpoints.timeout = std::chrono::milliseconds(0); }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.checkpoints.interval = std::chrono::seconds(1); }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.restore = RestoreMode::kLatest; }));
  EXPECT_TRUE(refused([](ExecutionOptions& options) { options.backend_config = {{"no.such.key", "1"}}; }));
  EXPECT_TRUE(RunWith(TestOptions(2)).ok());
}

TEST(Refusals, NamesOfJobsAndOperators) {
  for (const char* name : {"", "a/b", "..", ".hidden", "a b"}) {
    EXPECT_EQ(RunWith(TestOptions(1), name).code(), StatusCode::kInvalidArgument) << name;
  }
  StreamExecutionEnvironment env(TestOptions(1));
  env.FromSource<Number>("same", std::make_shared<VectorSource<Number>>(std::vector<std::vector<Number>>{{1}}))
      .Map("same", [](Number number) { return number; });
  EXPECT_NE(env.Execute("names").status().message().find("'same'"), std::string::npos);
  StreamExecutionEnvironment nothing(TestOptions(1));
  EXPECT_EQ(nothing.Execute("nothing").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(nothing.Execute("nothing").status().code(), StatusCode::kInvalidState) << "a second time";
}

TEST(Refusals, PluginsAndDirectoriesThatAreNotThere) {
  ExecutionOptions options = TestOptions(1);
  options.backend = "no-such-backend";
  EXPECT_EQ(RunWith(options).code(), StatusCode::kNotFound);
  const TemporaryFolder folder;
  options = TestOptions(1);
  options.local_directories = {folder / "missing"};
  EXPECT_EQ(RunWith(options).code(), StatusCode::kNotFound);
  options = TestOptions(1);
  options.checkpoints.directory = folder.Write("a-file", "in the way");
  EXPECT_FALSE(RunWith(options).ok());
}

TEST(Refusals, NothingRunsWhenASinkDoesNotStart) {
  class Refusing final : public Sink<Number> {
   public:
    Status Start(std::optional<uint64_t>, const std::vector<std::string>&) override {
      return Status::InvalidState("there is output already");
    }
    Result<std::unique_ptr<SinkWriter<Number>>> CreateWriter(uint32_t) override {
      return Status::Internal("a writer was asked for");
    }
    Status Commit(const std::vector<std::string>&) override { return Status::Internal("committed"); }
  };
  StreamExecutionEnvironment env(TestOptions(1));
  const ReadHook hook = [](size_t, size_t) -> Result<bool> { return Status::Internal("read"); };
  env.FromSource<Number>("numbers", std::make_shared<VectorSource<Number>>(std::vector<std::vector<Number>>{{1}}, hook))
      .SinkTo("refusing", std::make_shared<Refusing>());
  const Status status = env.Execute("sink").status();
  EXPECT_EQ(status.message(), "sink 'refusing': there is output already");
}

}  // namespace
}  // namespace spillway::runtime
