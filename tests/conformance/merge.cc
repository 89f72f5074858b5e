// Merging namespaces of list states.
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::NullBytes;
using plugin::ToBytes;
using Texts = std::vector<std::string>;

constexpr const char* kTheme = "list";

void MergeJoinsInOrder(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kWindow1, {"t1", "t2"});
  list.Append(kWindow2, {"b", "a"});
  list.Append(kWindow3, {"c", "a"});
  at.SetKey(1);
  list.Append(kWindow2, {"of another key"});
  at.RoundTrip();
  at.SetKey(0);
  list.Merge(kWindow1, {"window-3", "window-2"});
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(list.List(kWindow1), Texts({"t1", "t2", "c", "a", "b", "a"}), "the target of the merge");
  ExpectEqual(list.List(kWindow2), Texts(), "a source of the merge");
  ExpectEqual(list.List(kWindow3), Texts(), "a source of the merge");
  ExpectEqual(list.Count(), 2u, "entries after the merge");
  at.SetKey(1);
  ExpectEqual(list.List(kWindow2), Texts({"of another key"}), "the same namespace of another key");
  at.SetKey(0);
  list.Clear(kWindow1);
  ExpectEqual(list.Count(), 1u, "entries after clearing the target");
}

// Every pattern of empty and non-empty among a target and two sources.
void MergeOfEmptyOnes(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  for (uint64_t pattern = 0; pattern < 8; ++pattern) {
    at.SetKey(pattern);
    if ((pattern & 1) != 0) list.Append(kWindow1, {"target"});
    if ((pattern & 2) != 0) list.Append(kWindow2, {"second"});
    if ((pattern & 4) != 0) list.Append(kWindow3, {"third"});
  }
  at.RoundTrip();
  for (uint64_t pattern = 0; pattern < 8; ++pattern) {
    at.SetKey(pattern);
    list.Merge(kWindow1, {"window-2", "window-3"});
    at.EndRecord();
    Texts expected;
    if ((pattern & 1) != 0) expected.push_back("target");
    if ((pattern & 2) != 0) expected.push_back("second");
    if ((pattern & 4) != 0) expected.push_back("third");
    ExpectEqual(list.List(kWindow1), expected, "the target of merge pattern " + std::to_string(pattern));
  }
  ExpectEqual(list.Count(), 7u, "entries after merging: nothing comes of nothing");
  ExpectEqual(list.Keys(kWindow2), std::set<std::string>(), "keys of the sources");
  at.RoundTrip();
  for (uint64_t pattern = 0; pattern < 8; ++pattern) {
    at.SetKey(pattern);
    list.Clear(kWindow1);
  }
  ExpectEqual(list.Count(), 0u, "entries after clearing the targets");
}

void MergedListsGoOn(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kWindow2, {"a"});
  list.Merge(kWindow1, {"window-2"});
  list.Append(kWindow1, {"b"});
  list.Append(kWindow2, {"c"});
  list.Merge(kWindow1, {"window-2"});
  list.Merge(kWindow1, {});
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(list.List(kWindow1), Texts({"a", "b", "c"}), "a list merged and appended to in turns");
}

void BadMergesAreRefused(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kWindow1, {"a"});
  list.Append(kWindow2, {"b"});
  plugin::Error err;
  const auto merge = [&](spw_bytes target, std::vector<spw_bytes> sources) {
    return list.raw().MergeNamespaces(target, sources.data(), sources.size(), err);
  };
  ExpectError(merge(ToBytes(kWindow1), {ToBytes(kWindow2), ToBytes(kWindow1)}), SPW_INVALID_ARGUMENT,
              "merging a namespace into itself", err);
  ExpectError(merge(ToBytes(kWindow1), {ToBytes(kWindow2), ToBytes(kWindow2)}), SPW_INVALID_ARGUMENT,
              "merging a source twice", err);
  ExpectError(merge(ToBytes(kWindow1), {ToBytes(kWindow2), NullBytes()}), SPW_INVALID_ARGUMENT,
              "merging a missing namespace", err);
  ExpectError(merge(NullBytes(), {ToBytes(kWindow2)}), SPW_INVALID_ARGUMENT, "merging into a missing namespace", err);
  ExpectEqual(list.List(kWindow1), Texts({"a"}), "the target after refused merges");
  ExpectEqual(list.List(kWindow2), Texts({"b"}), "the source after refused merges");
}

}  // namespace

CaseList MergeCases() {
  constexpr uint64_t kLM = SPW_CAP_LIST | SPW_CAP_MERGE;
  return {
      {kTheme, "merge_joins_in_order", kLM, true, true, &MergeJoinsInOrder},
      {kTheme, "merge_of_empty_ones", kLM, true, true, &MergeOfEmptyOnes},
      {kTheme, "merged_lists_go_on", kLM, true, true, &MergedListsGoOn},
      {kTheme, "bad_merges_are_refused", kLM, true, false, &BadMergesAreRefused},
  };
}

}  // namespace spillway::conformance
