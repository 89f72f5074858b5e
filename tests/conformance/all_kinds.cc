#include "tests/conformance/all_kinds.h"

namespace spillway::conformance {

AllKinds::AllKinds(Instance* at) : at_(at) {
  if (at->run().Has(SPW_CAP_VALUE)) value_ = at->Value();
  if (at->run().Has(SPW_CAP_LIST)) list_ = at->List();
  if (at->run().Has(SPW_CAP_MAP)) map_ = at->Map();
  if (at->run().Has(SPW_CAP_TIMER)) timers_ = at->Timers();
}

void AllKinds::Write(uint64_t n, uint64_t round) const {
  const std::string text = std::to_string(n) + " of round " + std::to_string(round);
  const std::string_view ns = n % 3 == 0 ? kVoid : (n % 3 == 1 ? kWindow1 : kWindow2);
  at_->SetKey(n);
  if (value_) {
    value_->Put(ns, text + std::string((n * 7 + round * 13) % 40, '+'));
    plugin::Error err;
    spw_mut_view view{};
    ExpectCode(value_->raw().ValueGetForUpdate(plugin::ToBytes(kWindow3), 8, &view, err), SPW_OK,
               "value_get_for_update", err);
    view.data[0] = static_cast<uint8_t>('a' + (n + round) % 26);
  }
  if (list_) {
    if (round % 3 == 2) list_->Replace(ns, {text});
    list_->Append(ns, {text, "", text});
  }
  if (map_) {
    map_->PutEntry(ns, "entry-" + std::to_string(round % 5), text);
    map_->PutNull(ns, "null-" + std::to_string(n % 4));
    if (round % 2 == 1) map_->RemoveEntry(ns, "entry-" + std::to_string((round + 1) % 5));
  }
  if (timers_) WriteTimers(n, round);
  at_->EndRecord();
}

void AllKinds::WriteTimers(uint64_t n, uint64_t round) const {
  const std::string key = at_->run().Key(n);
  const auto timer = [&](uint64_t time) {
    return spw_timer{static_cast<int64_t>(time), plugin::ToBytes(key), plugin::ToBytes(kWindow1), at_->KeyGroup(key),
                     0};
  };
  const spw_timer added[] = {timer(1000 + n), timer(2000 + round)};
  plugin::Error err;
  uint8_t changed = 0;
  ExpectCode(timers_->raw().TimerAdd(added, 2, &changed, err), SPW_OK, "timer_add", err);
  if (round > 0) (void)timers_->raw().TimerRemove(timer(2000 + round - 1), &changed, err);
}

void AllKinds::Clear(uint64_t n) const {
  at_->SetKey(n);
  for (const std::optional<TestState>* state : {&value_, &list_, &map_}) {
    if (!*state) continue;
    for (const std::string_view ns : {kVoid, kWindow1, kWindow2, kWindow3}) (*state)->Clear(ns);
  }
  at_->EndRecord();
}

AllContents AllKinds::ContentsOf(Instance* at, Location where) {
  AllContents all;
  for (const char* name : {"value", "list", "map", "timers"}) {
    StateContents contents = at->Contents(name, where);
    if (!contents.empty()) all[name] = std::move(contents);
  }
  return all;
}

void ExpectContents(const AllContents& actual, const AllContents& expected, std::string_view what, Location where) {
  for (const char* name : {"value", "list", "map", "timers"}) {
    const auto of = [&](const AllContents& all) {
      const auto found = all.find(name);
      return found == all.end() ? StateContents() : found->second;
    };
    const StateContents got = of(actual), wanted = of(expected);
    for (const auto& [place, texts] : wanted) {
      const auto found = got.find(place);
      if (found != got.end() && found->second == texts) continue;
      Fail(std::string(what) + ": state '" + name + "' of " + Show(place) + ": expected " + Show(texts) + ", got " +
               (found == got.end() ? "nothing" : Show(found->second)),
           where);
    }
    for (const auto& [place, texts] : got) {
      if (!wanted.contains(place)) {
        Fail(std::string(what) + ": state '" + name + "' of " + Show(place) + ": expected nothing, got " + Show(texts),
             where);
      }
    }
  }
}

}  // namespace spillway::conformance
