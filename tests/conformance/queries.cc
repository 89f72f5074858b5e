// Live queries: the value after the last completed record, for any thread.
#include <cstring>
#include <mutex>

#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"
#include "tests/conformance/parallel.h"

namespace spillway::conformance {
namespace {

using plugin::ToBytes;
using Text = std::optional<std::string>;

constexpr const char* kTheme = "value";  // the conformance list has queries with the values

// A query and its answer. Must outlive the answer.
class Query {
 public:
  Query(std::string state, std::string key, std::string ns, Text map_key = std::nullopt)
      : state_(std::move(state)), key_(std::move(key)), ns_(std::move(ns)), map_key_(std::move(map_key)) {}

  spw_code Submit(Instance* at, plugin::Error& err) {
    auto query = plugin::Sized<spw_query>();
    query.key_group = at->KeyGroup(key_);
    query.state_name = state_.c_str();
    query.key = ToBytes(key_);
    query.state_namespace = ToBytes(ns_);
    query.map_key = map_key_ ? ToBytes(*map_key_) : plugin::NullBytes();
    query.context = this;
    query.answer = [](void* context, spw_code code, const spw_view* value) {
      auto* self = static_cast<Query*>(context);
      const std::lock_guard lock(self->mutex_);
      ++self->answers_;
      self->code_ = code;
      if (code == SPW_OK && value != nullptr) self->value_ = TextOf(*value);
    };
    return at->backend().QuerySubmit(query, err);
  }
  void ExpectAnswer(spw_code code, const Text& value, std::string_view what, Location where = Location::current()) {
    const std::lock_guard lock(mutex_);
    ExpectEqual(answers_, 1, "answers of " + std::string(what), where);
    ExpectEqual(ShowCode(code_), ShowCode(code), "the code answered to " + std::string(what), where);
    ExpectEqual(value_, value, "the value answered to " + std::string(what), where);
  }
  int answers() {
    const std::lock_guard lock(mutex_);
    return answers_;
  }

 private:
  const std::string state_, key_, ns_;
  const Text map_key_;
  std::mutex mutex_;
  int answers_ = 0;
  spw_code code_ = SPW_PENDING;
  Text value_;
};

void SubmitOnAnotherThread(Instance* at, Query* query, Location where = Location::current()) {
  Parallel other([&] {
    plugin::Error err;
    ExpectCode(query->Submit(at, err), SPW_OK, "query_submit", err, where);
  });
  other.Join();
}

void QueriedFromAnotherThread(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kWindow1, "old");
  at.EndRecord();
  at.RoundTrip();
  at.SetKey(1);
  Query query("value", run.Key(0), "window-1");
  Query absent("value", run.Key(0), "window-2");
  Query of_no_state("none", run.Key(0), "window-1");
  SubmitOnAnotherThread(&at, &query);
  SubmitOnAnotherThread(&at, &absent);
  SubmitOnAnotherThread(&at, &of_no_state);
  ExpectEqual(query.answers(), 0, "answers before the owner polls");
  const std::string key = run.Key(0);
  plugin::Error err;
  spw_mut_view view{};
  ExpectCode(
      value.raw().ValueGetForUpdateAt(ToBytes(key), at.KeyGroup(key), ToBytes(kWindow1), SPW_DO_NOT_CREATE, &view, err),
      SPW_OK, "value_get_for_update_at", err);
  std::memcpy(view.data, "new", 3);
  value.Put(kWindow1, "of key 1");
  at.EndRecord();
  at.Poll();
  query.ExpectAnswer(SPW_OK, "new", "a query of a value");
  absent.ExpectAnswer(SPW_ABSENT, std::nullopt, "a query of nothing");
  of_no_state.ExpectAnswer(SPW_NOT_FOUND, std::nullopt, "a query of a state that is not there");
  ExpectEqual(value.Get(kWindow1), Text("of key 1"), "the current key's value afterwards: it was not disturbed");
  at.Poll();
  ExpectEqual(query.answers(), 1, "answers after another poll");
}

void QueriedWhileWritten(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  constexpr int kQueries = 200;
  std::vector<std::unique_ptr<Query>> queries;
  for (int i = 0; i < kQueries; ++i) queries.push_back(std::make_unique<Query>("value", run.Key(0), ""));
  at.SetKey(0);
  value.Put(kVoid, "0000");
  at.EndRecord();
  Parallel other([&] {
    for (auto& query : queries) {
      plugin::Error err;
      ExpectCode(query->Submit(&at, err), SPW_OK, "query_submit", err);
    }
  });
  for (int i = 1; i < 2000; ++i) {
    std::string text = std::to_string(i);
    value.Put(kVoid, std::string(4 - text.size(), '0') + text);
    at.EndRecord();
    at.Poll();
  }
  other.Join();
  at.Poll();
  for (auto& query : queries) ExpectEqual(query->answers(), 1, "answers of a query among many");
  ExpectEqual(value.Get(kVoid), Text("1999"), "the value that the owner wrote last");
}

void QueriedMapEntry(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  map.PutEntry(kVoid, "k", "v");
  at.EndRecord();
  at.RoundTrip();
  Query found("map", run.Key(0), "", "k");
  Query absent("map", run.Key(0), "", "other");
  SubmitOnAnotherThread(&at, &found);
  SubmitOnAnotherThread(&at, &absent);
  at.Poll();
  found.ExpectAnswer(SPW_OK, "v", "a query of a map entry");
  absent.ExpectAnswer(SPW_ABSENT, std::nullopt, "a query of no map entry");
}

void PendingQueriesEndWithClose(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "v");
  at.EndRecord();
  Query pending("value", run.Key(0), "");
  SubmitOnAnotherThread(&at, &pending);
  at.Close();
  pending.ExpectAnswer(SPW_CLOSED, std::nullopt, "a query that was pending at close");
  Query late("value", run.Key(0), "");
  plugin::Error err;
  ExpectError(late.Submit(&at, err), SPW_CLOSED, "query_submit after close", err);
  ExpectEqual(late.answers(), 0, "answers of a refused query");
}

void BadQueriesAreRefused(Run& run) {
  Instance at(run);
  (void)at.Value();
  auto query = plugin::Sized<spw_query>();
  query.state_name = "value";
  query.key = ToBytes("k");
  query.key_group = 0;
  query.answer = [](void*, spw_code, const spw_view*) {};
  plugin::Error err;
  ExpectError(at.backend().QuerySubmit(query, err), SPW_INVALID_ARGUMENT, "query_submit without a namespace", err);
  query.state_namespace = ToBytes(kVoid);
  query.key_group = 70000;
  ExpectError(at.backend().QuerySubmit(query, err), SPW_INVALID_ARGUMENT, "query_submit with a foreign key-group", err);
}

}  // namespace

CaseList QueryCases() {
  constexpr uint64_t kQV = SPW_CAP_QUERY | SPW_CAP_VALUE;
  return {
      {kTheme, "queried_from_another_thread", kQV, true, true, &QueriedFromAnotherThread},
      {kTheme, "queried_while_written", kQV, false, false, &QueriedWhileWritten},
      {kTheme, "queried_map_entry", SPW_CAP_QUERY | SPW_CAP_MAP, true, true, &QueriedMapEntry},
      {kTheme, "pending_queries_end_with_close", kQV, false, false, &PendingQueriesEndWithClose},
      {kTheme, "bad_queries_are_refused", kQV, false, false, &BadQueriesAreRefused},
  };
}

}  // namespace spillway::conformance
