// List states.
#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::NullBytes;
using plugin::ToBytes;
using Texts = std::vector<std::string>;

constexpr const char* kTheme = "list";

void EmptyReadsAsAbsent(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &iterator, err), SPW_ABSENT, "list_iterate of nothing", err);
  Expect(!iterator, "no iterator comes with SPW_ABSENT");
}

void AppendKeepsOrderAndDuplicates(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {"b"});
  list.Append(kVoid, {"a", "b"});
  list.Append(kWindow1, {"other namespace"});
  at.SetKey(1);
  list.Append(kVoid, {"other key"});
  at.RoundTrip();
  at.SetKey(0);
  list.Append(kVoid, {"a", ""});
  ExpectEqual(list.List(kVoid), Texts({"b", "a", "b", "a", ""}), "the list after appending");
  ExpectEqual(list.List(kVoid), Texts({"b", "a", "b", "a", ""}), "the list read again");
  ExpectEqual(list.List(kWindow1), Texts({"other namespace"}), "the list of the other namespace");
  at.SetKey(1);
  ExpectEqual(list.List(kVoid), Texts({"other key"}), "the list of the other key");
}

void ReplaceReplaces(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Replace(kVoid, {"a", "b", "c"});
  list.Replace(kVoid, {"d", "d"});
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(list.List(kVoid), Texts({"d", "d"}), "the list after replacing");
  list.Replace(kVoid, {});
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(list.List(kVoid), Texts(), "the list after replacing by nothing");
  ExpectEqual(list.Count(), 0u, "entries after replacing by nothing");
}

void AppendingNothingCreatesNothing(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {});
  ExpectEqual(list.Count(), 0u, "entries after appending nothing");
  ExpectEqual(list.Keys(kVoid), std::set<std::string>(), "keys after appending nothing");
  list.Append(kVoid, {"a"});
  list.Append(kVoid, {});
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(list.List(kVoid), Texts({"a"}), "the list after appending nothing to it");
}

void NullElementsAreRefused(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {"kept"});
  plugin::Error err;
  const spw_bytes with_null[] = {ToBytes("x"), NullBytes(), ToBytes("y")};
  ExpectError(list.raw().ListAppend(ToBytes(kVoid), with_null, 3, err), SPW_INVALID_ARGUMENT,
              "list_append with a null element", err);
  ExpectError(list.raw().ListReplace(ToBytes(kVoid), with_null, 3, err), SPW_INVALID_ARGUMENT,
              "list_replace with a null element", err);
  ExpectError(list.raw().ListAppend(ToBytes(kWindow1), with_null, 3, err), SPW_INVALID_ARGUMENT,
              "list_append with a null element to nothing", err);
  ExpectEqual(list.List(kVoid), Texts({"kept"}), "the list after refused calls");
  ExpectEqual(list.Count(), 1u, "entries after refused calls");
}

void IteratesAsOfTheCall(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {"a", "b", "c"});
  at.RoundTrip();
  at.SetKey(0);
  plugin::Error err;
  plugin::Iterator before_append, before_replace, before_clear;
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &before_append, err), SPW_OK, "list_iterate", err);
  list.Append(kVoid, {"d"});
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &before_replace, err), SPW_OK, "list_iterate", err);
  list.Replace(kVoid, {"e"});
  at.EndRecord();  // the iterators outlive safepoints
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &before_clear, err), SPW_OK, "list_iterate", err);
  list.Clear(kVoid);
  at.Poll();
  const auto rest = [](const plugin::Iterator& iterator) {
    Texts texts;
    ForEachItem(iterator, 2, Location::current(), [&](const spw_item& item) { texts.push_back(TextOf(item.value)); });
    return texts;
  };
  ExpectEqual(rest(before_append), Texts({"a", "b", "c"}), "the elements as they were before an append");
  ExpectEqual(rest(before_replace), Texts({"a", "b", "c", "d"}), "the elements as they were before a replace");
  ExpectEqual(rest(before_clear), Texts({"e"}), "the elements as they were before a clear");
}

void LongListsInBatches(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  Texts expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back("element-" + std::to_string(i) + std::string(static_cast<size_t>(i % 50), '.'));
    list.Append(kVoid, {expected.back()});
    at.EndRecord();
  }
  expected.push_back(std::string(100000, 'L'));
  list.Append(kVoid, {expected.back()});
  at.RoundTrip();
  at.SetKey(0);
  for (const uint32_t capacity : {1u, 3u, 64u, 10000u}) {
    plugin::Error err;
    plugin::Iterator iterator;
    ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &iterator, err), SPW_OK, "list_iterate", err);
    Texts texts;
    ForEachItem(iterator, capacity, Location::current(),
                [&](const spw_item& item) { texts.push_back(TextOf(item.value)); });
    Expect(texts == expected, "a long list is read as it was written, in batches of " + std::to_string(capacity));
  }
}

void IteratorsEndForGood(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {"a"});
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &iterator, err), SPW_OK, "list_iterate", err);
  spw_item items[2];
  uint32_t count = 0;
  ExpectCode(iterator.Next(items, 2, &count, err), SPW_OK, "iterator_next", err);
  for (int i = 0; i < 2; ++i) {
    ExpectCode(iterator.Next(items, 2, &count, err), SPW_ABSENT, "iterator_next at the end", err);
    ExpectEqual(count, 0u, "items at the end");
  }
  ExpectError(iterator.Remove(0, err), SPW_INVALID_STATE, "iterator_remove on a list", err);
  ExpectError(iterator.Replace(0, ToBytes("x"), err), SPW_INVALID_STATE, "iterator_replace on a list", err);
  ExpectEqual(list.List(kVoid), Texts({"a"}), "the list after refused calls");
}

void ElementsNameTheirSchema(Run& run) {
  Instance at(run);
  const TestState list = at.List();
  at.SetKey(0);
  list.Append(kVoid, {"a"});
  at.RoundTrip();
  at.SetKey(0);
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &iterator, err), SPW_OK, "list_iterate", err);
  ForEachItem(iterator, 4, Location::current(), [&](const spw_item& item) {
    spw_bytes schema{};
    ExpectCode(list.raw().Schema(SPW_SCHEMA_VALUE, item.value.schema_id, &schema, err), SPW_OK, "state_schema", err);
    ExpectEqual(TextOf(schema), std::string("value-v1"), "the schema that an element names");
  });
}

}  // namespace

CaseList ListCases() {
  constexpr uint64_t kL = SPW_CAP_LIST;
  return {
      {kTheme, "empty_reads_as_absent", kL, true, false, &EmptyReadsAsAbsent},
      {kTheme, "append_keeps_order_and_duplicates", kL, true, true, &AppendKeepsOrderAndDuplicates},
      {kTheme, "replace_replaces", kL, true, true, &ReplaceReplaces},
      {kTheme, "appending_nothing_creates_nothing", kL, true, true, &AppendingNothingCreatesNothing},
      {kTheme, "null_elements_are_refused", kL, true, false, &NullElementsAreRefused},
      {kTheme, "iterates_as_of_the_call", kL, true, true, &IteratesAsOfTheCall},
      {kTheme, "long_lists_in_batches", kL, false, true, &LongListsInBatches},
      {kTheme, "iterators_end_for_good", kL, true, false, &IteratorsEndForGood},
      {kTheme, "elements_name_their_schema", kL, false, true, &ElementsNameTheirSchema},
  };
}

}  // namespace spillway::conformance
