// Views: bytes that stay where they are until the owner's next safepoint.
#include <cstring>

#include "tests/conformance/cases.h"
#include "tests/conformance/check.h"
#include "tests/conformance/instance.h"

namespace spillway::conformance {
namespace {

using plugin::ToBytes;

constexpr const char* kTheme = "views";

spw_view View(const TestState& state, std::string_view ns) {
  plugin::Error err;
  spw_view view{};
  ExpectCode(state.raw().ValueGet(ToBytes(ns), &view, err), SPW_OK, "value_get", err);
  return view;
}

// Every write of other entries that may move things, between taking a view and looking at it.
void StayWhileOthersAreWritten(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  for (uint64_t key = 0; key < 50; ++key) {
    at.SetKey(key);
    value.Put(kVoid, "value-" + std::to_string(key));
  }
  at.EndRecord();
  at.RoundTrip();
  std::vector<spw_view> views;
  for (uint64_t key = 0; key < 50; ++key) {
    at.SetKey(key);
    views.push_back(View(value, kVoid));
  }
  for (uint64_t key = 50; key < 3000; ++key) {
    at.SetKey(key);
    value.Put(kVoid, "another");
    if (key % 2 == 0) value.Clear(kVoid);
  }
  for (uint64_t key = 0; key < 50; ++key) {
    ExpectEqual(TextOf(views[key]), "value-" + std::to_string(key), "a view taken before thousands of other writes");
  }
}

void StayWhenTheirEntryIsClearedOrReplaced(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  const std::string text(100, 't');
  at.SetKey(0);
  value.Put(kVoid, text);
  at.SetKey(1);
  value.Put(kVoid, text);
  at.EndRecord();
  at.SetKey(0);
  const spw_view cleared = View(value, kVoid);
  value.Clear(kVoid);
  at.SetKey(1);
  const spw_view replaced = View(value, kVoid);
  value.Put(kVoid, std::string(5000, 'n'));
  for (uint64_t key = 10; key < 200; ++key) {  // something to take the memory, were it free
    at.SetKey(key);
    value.Put(kVoid, std::string(100, 'o'));
  }
  ExpectEqual(TextOf(cleared), text, "the view of an entry that was cleared since");
  ExpectEqual(TextOf(replaced), text, "the view of an entry that was replaced by a larger one since");
  at.EndRecord();
  at.SetKey(1);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>(std::string(5000, 'n')), "the new value");
}

void OfTwoStatesAtOnce(Run& run) {
  Instance at(run);
  const TestState value = at.Value("first");
  const TestState other = at.Value("second");
  at.SetKey(0);
  value.Put(kVoid, "one");
  other.Put(kVoid, "two");
  value.Put(kWindow1, "three");
  at.RoundTrip();
  at.SetKey(0);
  const spw_view one = View(value, kVoid);
  const spw_view two = View(other, kVoid);
  const spw_view three = View(value, kWindow1);
  ExpectEqual(TextOf(one) + TextOf(two) + TextOf(three), std::string("onetwothree"), "three views held at once");
}

void MutableOnesOfTwoEntriesAtOnce(Run& run) {
  Instance at(run);
  const TestState value = at.Value("first");
  const TestState other = at.Value("second");
  at.SetKey(0);
  plugin::Error err;
  spw_mut_view first{}, second{};
  ExpectCode(value.raw().ValueGetForUpdate(ToBytes(kVoid), 4, &first, err), SPW_OK, "value_get_for_update", err);
  ExpectCode(other.raw().ValueGetForUpdate(ToBytes(kVoid), 4, &second, err), SPW_OK, "value_get_for_update", err);
  for (uint64_t key = 1; key < 500; ++key) {
    const std::string bytes = run.Key(key);
    spw_mut_view made{};
    ExpectCode(value.raw().ValueGetForUpdateAt(ToBytes(bytes), at.KeyGroup(bytes), ToBytes(kVoid), 4, &made, err),
               SPW_OK, "value_get_for_update_at", err);
    std::memcpy(made.data, "more", 4);
  }
  std::memcpy(first.data, "frst", 4);
  std::memcpy(second.data, "scnd", 4);
  at.EndRecord();
  at.RoundTrip();
  at.SetKey(0);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("frst"), "what was written through the first view");
  ExpectEqual(other.Get(kVoid), std::optional<std::string>("scnd"), "what was written through the second view");
  at.SetKey(499);
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("more"), "what was written through the last view");
}

void AreAligned(Run& run) {
  Instance at(run);
  for (const uint32_t alignment : {1u, 2u, 4u, 8u, 16u}) {
    const std::string suffix = std::to_string(alignment);
    const TestState value = at.Register({.name = "value" + suffix, .kind = SPW_STATE_VALUE, .alignment = alignment});
    for (uint64_t key = 0; key < 200; ++key) {
      at.SetKey(key);
      value.Put(kVoid, std::string(key % 37 + 1, 'v'));
      at.EndRecord();
    }
  }
  at.RoundTrip();
  for (const uint32_t alignment : {1u, 2u, 4u, 8u, 16u}) {
    plugin::Error err;
    plugin::State state;
    const std::string name = "value" + std::to_string(alignment);
    ExpectCode(at.backend().FindState(name.c_str(), &state, err), SPW_OK, "find_state", err);
    for (uint64_t key = 0; key < 200; ++key) {
      at.SetKey(key);
      spw_view view{};
      ExpectCode(state.ValueGet(ToBytes(kVoid), &view, err), SPW_OK, "value_get", err);
      ExpectEqual(reinterpret_cast<uintptr_t>(view.data) % alignment, 0u, "the address of a view modulo its alignment");
      spw_mut_view mut{};
      ExpectCode(state.ValueGetForUpdate(ToBytes(kWindow1), key % 37 + 1, &mut, err), SPW_OK, "value_get_for_update",
                 err);
      ExpectEqual(reinterpret_cast<uintptr_t>(mut.data) % alignment, 0u,
                  "the address of a mutable view modulo its alignment");
    }
  }
}

void OfListsAndMapsAreAligned(Run& run) {
  Instance at(run);
  const TestState list = at.Register({.name = "list", .kind = SPW_STATE_LIST, .alignment = 16});
  const TestState map = at.Register({.name = "map", .kind = SPW_STATE_MAP, .alignment = 16});
  at.SetKey(0);
  for (uint64_t i = 1; i < 60; ++i) {
    list.Append(kVoid, {std::string(i, 'e')});
    map.PutEntry(kVoid, std::string(i % 7 + 1, 'k') + std::to_string(i), std::string(i, 'v'));
  }
  at.EndRecord();
  at.RoundTrip();
  at.SetKey(0);
  const auto expect_aligned = [](const spw_view& view) {
    ExpectEqual(reinterpret_cast<uintptr_t>(view.data) % 16, 0u, "the address of a value modulo its alignment of 16");
  };
  plugin::Error err;
  plugin::Iterator iterator;
  ExpectCode(list.raw().ListIterate(ToBytes(kVoid), &iterator, err), SPW_OK, "list_iterate", err);
  ForEachItem(iterator, 4, Location::current(), [&](const spw_item& item) { expect_aligned(item.value); });
  ExpectCode(map.raw().MapIterate(ToBytes(kVoid), &iterator, err), SPW_OK, "map_iterate", err);
  ForEachItem(iterator, 4, Location::current(), [&](const spw_item& item) { expect_aligned(item.value); });
  spw_view view{};
  ExpectCode(map.raw().MapGet(ToBytes(kVoid), ToBytes("kk1"), &view, err), SPW_OK, "map_get", err);
  expect_aligned(view);
}

void OfMapEntriesStay(Run& run) {
  Instance at(run);
  const TestState map = at.Map();
  at.SetKey(0);
  map.PutEntry(kVoid, "removed", "first");
  map.PutEntry(kVoid, "replaced", "second");
  at.EndRecord();
  plugin::Error err;
  spw_view removed{}, replaced{};
  ExpectCode(map.raw().MapGet(ToBytes(kVoid), ToBytes("removed"), &removed, err), SPW_OK, "map_get", err);
  ExpectCode(map.raw().MapGet(ToBytes(kVoid), ToBytes("replaced"), &replaced, err), SPW_OK, "map_get", err);
  map.RemoveEntry(kVoid, "removed");
  map.PutEntry(kVoid, "replaced", std::string(500, 'n'));
  for (uint64_t i = 0; i < 500; ++i) map.PutEntry(kVoid, "m" + std::to_string(i), "12345");
  map.Clear(kVoid);
  ExpectEqual(TextOf(removed), std::string("first"), "the view of a map entry that was removed since");
  ExpectEqual(TextOf(replaced), std::string("second"), "the view of a map entry that was replaced since");
}

// The input may lie in a view, of the very entry that is written.
void MayBeWrittenFrom(Run& run) {
  Instance at(run);
  const TestState value = at.Value();
  at.SetKey(0);
  value.Put(kVoid, "source");
  at.EndRecord();
  const spw_view view = View(value, kVoid);
  value.Put(kWindow1, plugin::ToStringView(view));
  value.Put(kVoid, plugin::ToStringView(view).substr(2));
  at.EndRecord();
  ExpectEqual(value.Get(kWindow1), std::optional<std::string>("source"), "the value copied from a view");
  ExpectEqual(value.Get(kVoid), std::optional<std::string>("urce"), "the value put from a view of itself");
}

}  // namespace

CaseList ViewCases() {
  constexpr uint64_t kV = SPW_CAP_VALUE;
  return {
      {kTheme, "stay_while_others_are_written", kV, true, true, &StayWhileOthersAreWritten},
      {kTheme, "stay_when_their_entry_is_cleared_or_replaced", kV, true, false, &StayWhenTheirEntryIsClearedOrReplaced},
      {kTheme, "of_two_states_at_once", kV, true, true, &OfTwoStatesAtOnce},
      {kTheme, "mutable_ones_of_two_entries_at_once", kV, true, true, &MutableOnesOfTwoEntriesAtOnce},
      {kTheme, "are_aligned", kV, true, true, &AreAligned},
      {kTheme, "of_lists_and_maps_are_aligned", SPW_CAP_LIST | SPW_CAP_MAP, true, true, &OfListsAndMapsAreAligned},
      {kTheme, "of_map_entries_stay", SPW_CAP_MAP, true, false, &OfMapEntriesStay},
      {kTheme, "may_be_written_from", kV, true, false, &MayBeWrittenFrom},
  };
}

}  // namespace spillway::conformance
