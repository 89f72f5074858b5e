// Reducing and aggregating state: the typed layer's folding, over the backend under test.
#include "spillway/folding_state.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

constexpr const char* kTheme = "reducing_aggregating";

struct Sum {
  int64_t operator()(const int64_t& folded, const int64_t& value) const { return folded + value; }
};
struct Join {
  std::string operator()(const std::string& folded, const std::string& value) const { return folded + value; }
};

// The mean, with a flat accumulator that is changed in place.
struct Mean {
  using In = int64_t;
  struct Acc {
    int64_t sum = 0, count = 0;
    static constexpr const char* kSchema = "conformance-mean-1";
  };
  using Out = double;
  [[nodiscard]] Acc CreateAccumulator() const { return {}; }
  void Add(const int64_t& value, Acc* acc) const {
    acc->sum += value;
    ++acc->count;
  }
  void Merge(const Acc& from, Acc* into) const {
    into->sum += from.sum;
    into->count += from.count;
  }
  [[nodiscard]] double GetResult(const Acc& acc) const {
    return static_cast<double>(acc.sum) / static_cast<double>(acc.count);
  }
};

// All values in their order, by accumulators that are never changed.
struct Trace {
  using In = std::string;
  using Acc = std::string;
  using Out = std::string;
  [[nodiscard]] std::string CreateAccumulator() const { return "("; }
  [[nodiscard]] std::string Add(const std::string& value, const std::string& acc) const { return acc + value; }
  [[nodiscard]] std::string Merge(const std::string& from, const std::string& into) const { return into + "+" + from; }
  [[nodiscard]] std::string GetResult(const std::string& acc) const { return acc + ")"; }
};

// The value, or the failure of the case.
template <typename T>
T Take(Result<T> result, std::string_view what, Location where = Location::current()) {
  if (!result.ok()) Fail(std::string(what) + ": " + result.status().ToString(), where);
  return std::move(result).value();
}
void Take(const Status& status, std::string_view what, Location where = Location::current()) {
  if (!status.ok()) Fail(std::string(what) + ": " + status.ToString(), where);
}

KeyedStateOptions Named(std::string name) {
  KeyedStateOptions options;
  options.name = std::move(name);
  return options;
}
using SumState = ReducingState<int64_t, Sum>;
using JoinState = ReducingState<std::string, Join>;
using MeanState = AggregatingState<Mean>;
using TraceState = AggregatingState<Trace>;

// Opened anew after a restore: typed states are of one instance.
struct States {
  explicit States(Instance* at)
      : sum(Take(SumState::Open(at->backend(), Named("sum"), {}), "opening a reducing state")),
        join(Take(JoinState::Open(at->backend(), Named("join"), {}), "opening a reducing state")),
        mean(Take(MeanState::Open(at->backend(), Named("mean")), "opening an aggregating state")),
        trace(Take(TraceState::Open(at->backend(), Named("trace")), "opening an aggregating state")) {}

  void SetNamespace(std::string_view ns) {
    sum.SetNamespaceBytes(ns);
    join.SetNamespaceBytes(ns);
    mean.SetNamespaceBytes(ns);
    trace.SetNamespaceBytes(ns);
  }
  void Add(int64_t number) {
    Take(sum.Add(number), "ReducingState::Add");
    Take(join.Add(std::to_string(number)), "ReducingState::Add");
    Take(mean.Add(number), "AggregatingState::Add");
    Take(trace.Add(std::to_string(number)), "AggregatingState::Add");
  }
  // "sum join mean trace", "nothing" where nothing is.
  [[nodiscard]] std::string Read(Location where = Location::current()) const {
    const auto sum_now = Take(sum.Get(), "ReducingState::Get", where);
    const auto join_now = Take(join.Get(), "ReducingState::Get", where);
    const auto mean_now = Take(mean.Get(), "AggregatingState::Get", where);
    const auto trace_now = Take(trace.Get(), "AggregatingState::Get", where);
    return (sum_now ? std::to_string(*sum_now) : "nothing") + " " + join_now.value_or("nothing") + " " +
           (mean_now ? std::to_string(*mean_now) : "nothing") + " " + trace_now.value_or("nothing");
  }
  [[nodiscard]] uint64_t Count(Location where = Location::current()) const {
    return Take(sum.EntryCount(), "EntryCount", where) + Take(join.EntryCount(), "EntryCount", where) +
           Take(mean.EntryCount(), "EntryCount", where) + Take(trace.EntryCount(), "EntryCount", where);
  }

  SumState sum;
  JoinState join;
  MeanState mean;
  TraceState trace;
};

constexpr const char* kNothing = "nothing nothing nothing nothing";

void FoldInOrder(Run& run) {
  Instance at(run);
  {
    States states(&at);
    states.SetNamespace(kVoid);
    at.SetKey(0);
    ExpectEqual(states.Read(), std::string(kNothing), "folded states that nothing was added to");
    states.Add(3);
    ExpectEqual(states.Read(), std::string("3 3 3.000000 (3)"), "after the first value");
    states.Add(5);
    states.Add(1);
    at.EndRecord();
    at.SetKey(1);
    ExpectEqual(states.Read(), std::string(kNothing), "folded states of another key");
    states.Add(7);
    at.EndRecord();
  }
  at.RoundTrip();
  States states(&at);
  states.SetNamespace(kVoid);
  at.SetKey(0);
  ExpectEqual(states.Read(), std::string("9 351 3.000000 (351)"), "after three values");
  states.Add(-9);
  ExpectEqual(states.Read(), std::string("0 351-9 0.000000 (351-9)"), "after a fourth value");
  at.SetKey(1);
  ExpectEqual(states.Read(), std::string("7 7 7.000000 (7)"), "the other key");
}

void ClearedIsAbsent(Run& run) {
  Instance at(run);
  {
    States states(&at);
    states.SetNamespace(kWindow1);
    at.SetKey(0);
    states.Add(3);
    Take(states.sum.Clear(), "Clear");
    Take(states.join.Clear(), "Clear");
    Take(states.mean.Clear(), "Clear");
    Take(states.trace.Clear(), "Clear");
    at.EndRecord();
  }
  at.RoundTrip();
  States states(&at);
  states.SetNamespace(kWindow1);
  at.SetKey(0);
  ExpectEqual(states.Read(), std::string(kNothing), "cleared states");
  ExpectEqual(states.Count(), 0u, "entries of cleared states");
  states.Add(4);
  ExpectEqual(states.Read(), std::string("4 4 4.000000 (4)"), "after a value was added to cleared states");
}

void Merge(States* states, std::string_view target, const std::vector<std::string>& sources) {
  Take(states->sum.MergeNamespaces(target, sources), "MergeNamespaces");
  Take(states->join.MergeNamespaces(target, sources), "MergeNamespaces");
  Take(states->mean.MergeNamespaces(target, sources), "MergeNamespaces");
  Take(states->trace.MergeNamespaces(target, sources), "MergeNamespaces");
}

// Every pattern of empty and non-empty among a target and two sources.
void MergeByTheUsersFunction(Run& run) {
  Instance at(run);
  {
    States states(&at);
    for (uint64_t pattern = 0; pattern < 8; ++pattern) {
      at.SetKey(pattern);
      int64_t number = 1;
      for (const std::string_view ns : {kWindow1, kWindow2, kWindow3}) {
        states.SetNamespace(ns);
        if ((pattern & static_cast<uint64_t>(number)) != 0) states.Add(number);
        number *= 2;
      }
      at.EndRecord();
    }
  }
  at.RoundTrip();
  States states(&at);
  const char* const expected[] = {
      kNothing,           "1 1 1.000000 (1)",     "2 2 2.000000 (2)",     "3 12 1.500000 (1+(2)",
      "4 4 4.000000 (4)", "5 14 2.500000 (1+(4)", "6 24 3.000000 (2+(4)", "7 124 2.333333 (1+(2+(4)"};
  for (uint64_t pattern = 0; pattern < 8; ++pattern) {
    at.SetKey(pattern);
    Merge(&states, kWindow1, {std::string(kWindow2), std::string(kWindow3)});
    states.SetNamespace(kWindow1);
    ExpectEqual(states.Read(), std::string(expected[pattern]),
                "the target of merge pattern " + std::to_string(pattern));
    for (const std::string_view source : {kWindow2, kWindow3}) {
      states.SetNamespace(source);
      ExpectEqual(states.Read(), std::string(kNothing), "a source of merge pattern " + std::to_string(pattern));
    }
    at.EndRecord();
  }
  ExpectEqual(states.Count(), 7u * 4, "entries after merging: nothing comes of nothing");
}

}  // namespace

CaseList ReducingAggregatingCases() {
  constexpr uint64_t kV = SPW_CAP_VALUE;
  return {
      {kTheme, "fold_in_order", kV, true, true, &FoldInOrder},
      {kTheme, "cleared_is_absent", kV, true, true, &ClearedIsAbsent},
      {kTheme, "merge_by_the_users_function", kV, true, true, &MergeByTheUsersFunction},
  };
}

}  // namespace spillway::conformance
