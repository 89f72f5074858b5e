#include "spillway/plugin/handles.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "spillway/plugin/backend.h"

namespace spillway::plugin {
namespace {

// What was called, in order. Handles are addresses of `places` and are never followed.
std::vector<std::string> calls;
char places[4];
spw_code answer = SPW_OK;
bool gives = true;

template <typename Handle>
Handle* Place(size_t index) {
  return reinterpret_cast<Handle*>(&places[index]);
}

template <typename Handle>
void Note(const char* what, Handle* handle) {
  calls.push_back(std::string(what) + " " + std::to_string(reinterpret_cast<char*>(handle) - places));
}

const spw_backend_api* Api() {
  static const spw_backend_api kApi = [] {
    auto api = Sized<spw_backend_api>();
    api.open = [](const spw_open_options*, const spw_host*, spw_backend** out, spw_error*) {
      if (gives) *out = Place<spw_backend>(0);
      return answer;
    };
    api.release = [](spw_backend* handle) { Note("release backend", handle); };
    api.find_state = [](spw_backend*, const char*, spw_state** out, spw_error*) {
      if (gives) *out = Place<spw_state>(1);
      return answer;
    };
    api.keys = [](spw_state*, spw_bytes, spw_iterator** out, spw_error*) {
      static size_t next = 1;
      if (gives) *out = Place<spw_iterator>(next = 5 - next - 2);  // 2 and 1 in turn
      return answer;
    };
    api.iterator_release = [](spw_iterator* handle) { Note("release iterator", handle); };
    api.snapshot_begin = [](spw_backend*, const spw_snapshot_options*, spw_snapshot** out, spw_error*) {
      if (gives) *out = Place<spw_snapshot>(3);
      return answer;
    };
    api.snapshot_run = [](spw_snapshot*, spw_snapshot_result* out, spw_error*) {
      out->entries = 9;
      out->release = [](spw_snapshot_result* self) {
        calls.emplace_back("release result");
        self->release = nullptr;
      };
      return answer;
    };
    api.snapshot_release = [](spw_snapshot* handle) { Note("release snapshot", handle); };
    return api;
  }();
  return &kApi;
}

class HandlesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    calls.clear();
    answer = SPW_OK;
    gives = true;
  }
  static std::vector<std::string> Calls() { return std::exchange(calls, {}); }
  using Expected = std::vector<std::string>;
};

TEST_F(HandlesTest, AHandleIsReleasedOnceByItsLastOwner) {
  {
    Backend first(Api(), Place<spw_backend>(0));
    Backend second(std::move(first));
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): what a move leaves is part of the contract
    EXPECT_TRUE(second);
    Backend third(Api(), Place<spw_backend>(1));
    third = std::move(second);
    EXPECT_EQ(Calls(), Expected{"release backend 1"});
    EXPECT_EQ(third.get(), Place<spw_backend>(0));
    Backend& same = third;
    third = std::move(same);
    EXPECT_TRUE(third);
    EXPECT_EQ(Calls(), Expected{});
  }
  EXPECT_EQ(Calls(), Expected{"release backend 0"});
  Backend reset(Api(), Place<spw_backend>(0));
  reset.Reset();
  reset.Reset();
  EXPECT_EQ(Calls(), Expected{"release backend 0"});
}

TEST_F(HandlesTest, OpenTakesOverWhatWasMadeAndNothingElse) {
  Error err;
  Backend backend;
  EXPECT_EQ(Backend::Open(Api(), Sized<spw_open_options>(), nullptr, &backend, err), SPW_OK);
  EXPECT_EQ(backend.get(), Place<spw_backend>(0));
  answer = SPW_IO_ERROR;
  EXPECT_EQ(Backend::Open(Api(), Sized<spw_open_options>(), nullptr, &backend, err), SPW_IO_ERROR);
  EXPECT_FALSE(backend) << "what an erring slot left in its output is no handle";
  EXPECT_EQ(Calls(), Expected{"release backend 0"});
}

TEST_F(HandlesTest, AnIteratorThatIsMadeAgainReleasesTheFirst) {
  Error err;
  const State state(Api(), Place<spw_state>(1));
  Iterator iterator;
  EXPECT_EQ(state.Keys(VoidNamespace(), &iterator, err), SPW_OK);
  EXPECT_EQ(state.Keys(VoidNamespace(), &iterator, err), SPW_OK);
  EXPECT_EQ(Calls(), Expected{"release iterator 2"});
  answer = SPW_ABSENT;
  gives = false;
  EXPECT_EQ(state.Keys(VoidNamespace(), &iterator, err), SPW_ABSENT);
  EXPECT_FALSE(iterator);
  EXPECT_EQ(Calls(), Expected{"release iterator 1"});
}

TEST_F(HandlesTest, AStateIsAReferenceAndEmptyWhenThereIsNone) {
  Error err;
  {
    const Backend backend(Api(), Place<spw_backend>(0));
    State state;
    EXPECT_EQ(backend.FindState("s", &state, err), SPW_OK);
    EXPECT_TRUE(state);
    answer = SPW_ABSENT;
    EXPECT_EQ(backend.FindState("s", &state, err), SPW_ABSENT);
    EXPECT_FALSE(state);
  }
  EXPECT_EQ(Calls(), Expected{"release backend 0"}) << "states have no release of their own";
}

TEST_F(HandlesTest, ASnapshotAndItsResultAreReleasedSeparately) {
  Error err;
  const Backend backend(Api(), Place<spw_backend>(0));
  SnapshotResult kept;
  {
    Snapshot snapshot;
    EXPECT_EQ(backend.SnapshotBegin(Sized<spw_snapshot_options>(), &snapshot, err), SPW_OK);
    SnapshotResult result;
    EXPECT_EQ(result->struct_size, sizeof(spw_snapshot_result));
    EXPECT_EQ(snapshot.Run(&result, err), SPW_OK);
    EXPECT_EQ(result->entries, 9u);
    kept = std::move(result);
  }
  EXPECT_EQ(Calls(), Expected{"release snapshot 3"});
  EXPECT_EQ(kept->entries, 9u);
  EXPECT_EQ(kept.out()->entries, 0u) << "out() empties it";
  EXPECT_EQ(Calls(), Expected{"release result"});
}

}  // namespace
}  // namespace spillway::plugin
