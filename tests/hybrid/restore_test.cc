// What a restore refuses: sources, metadata and files that do not belong together.
#include "backend/hybrid/restore.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/snapshot.h"
#include "backend/hybrid/snapshot_metadata.h"
#include "backend/hybrid/value_state.h"
#include "tests/conformance/memory_host.h"
#include "tests/hybrid/test_instance.h"

namespace spillway::hybrid {
namespace {

constexpr uint32_t kGroups = 4;

class Restore : public ::testing::Test {
 protected:
  Restore() {
    FillSnapshotSlots(&api_);
    State* state = instance_.Register("value", SPW_STATE_VALUE);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(PutValue(state, instance_->AddressOf(std::to_string(i), i % kGroups, ""), "value"), SPW_OK);
    }
    auto options = plugin::Sized<spw_snapshot_options>();
    options.kind = SPW_SNAPSHOT_FULL;
    options.name_prefix = "test";
    outcome_ = TableSnapshot::Begin(instance_.get(), options).value()->Run().value();
    file_ = {outcome_.file_name.c_str(), outcome_.file_bytes};
    source_ = plugin::Sized<spw_restore_source>();
    source_.key_groups = {0, kGroups - 1};
    source_.metadata = plugin::ToBytes(outcome_.metadata);
    source_.file_count = 1;
    source_.files = &file_;
  }
  // The restore of a fresh instance, which is empty when it was refused.
  Status StatusOfRestore() {
    TestInstance restored(kGroups, 0, host_.table());
    Status status = RestoreInstance(restored.get(), {&source_, 1});
    EXPECT_EQ(restored->entries(), status.ok() ? 100u : 0u);
    return status;
  }
  void Metadata(spw_key_group_range key_groups, uint64_t entries) {
    outcome_.metadata = EncodeMetadata({kGroups, key_groups, "test", entries});
    source_.metadata = plugin::ToBytes(outcome_.metadata);
    source_.key_groups = key_groups;
  }

  conformance::MemoryStorage storage_;
  conformance::MemoryHost host_{&storage_};
  TestInstance instance_{kGroups, 0, host_.table()};
  spw_backend_api api_{};
  SnapshotOutcome outcome_;
  spw_file_ref file_{};
  spw_restore_source source_{};
};

TEST_F(Restore, TakesOverWhatFits) {
  EXPECT_TRUE(StatusOfRestore().ok());
}

TEST_F(Restore, RefusesAFileOfOtherKeyGroups) {
  Metadata({0, 1}, 50);
  const Status status = StatusOfRestore();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_NE(status.message().find(outcome_.file_name), std::string::npos) << status.ToString();
}

TEST_F(Restore, RefusesNullForAFileItsNameOrTheMetadata) {
  source_.files = nullptr;
  EXPECT_EQ(StatusOfRestore().code(), StatusCode::kInvalidArgument);
  source_.files = &file_;
  file_.name = nullptr;
  EXPECT_EQ(StatusOfRestore().code(), StatusCode::kInvalidArgument);
  file_.name = outcome_.file_name.c_str();
  source_.metadata.data = nullptr;
  EXPECT_EQ(StatusOfRestore().code(), StatusCode::kInvalidArgument);
}

TEST_F(Restore, StepsThroughSourcesByTheSizeTheyAreOf) {
  struct Larger {
    spw_restore_source source;
    uint64_t of_a_later_version[3];
  };
  std::vector<Larger> sources(2);
  std::memset(sources.data(), 0xff, sources.size() * sizeof(Larger));
  sources[0].source = sources[1].source = source_;
  sources[0].source.struct_size = sources[1].source.struct_size = sizeof(Larger);
  TestInstance restored(kGroups, 0, host_.table());
  auto* backend = reinterpret_cast<spw_backend*>(restored.get());
  plugin::Error error;
  EXPECT_EQ(api_.restore(backend, &sources[0].source, 2, error.out()), SPW_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error.message()).find("two sources both hold"), std::string::npos) << error.message();
  EXPECT_EQ(api_.restore(backend, &sources[0].source, 1, error.out()), SPW_OK) << error.message();
  EXPECT_EQ(restored->entries(), 100u);
}

TEST_F(Restore, WritesNoMoreOfAResultThanTheHostHas) {
  auto options = plugin::Sized<spw_snapshot_options>();
  options.kind = SPW_SNAPSHOT_FULL;
  options.name_prefix = "again";
  std::unique_ptr<TableSnapshot> snapshot = TableSnapshot::Begin(instance_.get(), options).value();
  auto* handle = reinterpret_cast<spw_snapshot*>(snapshot.get());
  plugin::Error error;
  auto result = plugin::Sized<spw_snapshot_result>();
  result.struct_size = offsetof(spw_snapshot_result, release);
  EXPECT_EQ(api_.snapshot_run(handle, &result, error.out()), SPW_INVALID_ARGUMENT);
  EXPECT_EQ(result.release, nullptr);
  // Refused before it ran, so it still can.
  result.struct_size = sizeof(result);
  ASSERT_EQ(api_.snapshot_run(handle, &result, error.out()), SPW_OK) << error.message();
  EXPECT_EQ(result.entries, 100u);
  result.release(&result);
  EXPECT_EQ(result.release, nullptr);
  EXPECT_EQ(result.struct_size, sizeof(result));
}

}  // namespace
}  // namespace spillway::hybrid
