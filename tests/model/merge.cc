// Merging namespaces of list states.
#include <set>
#include <span>

#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

Answer Merge(spw_state* state, const Result<PlaceView>& target, const spw_bytes* sources, uint64_t count) {
  SPILLWAY_RETURN_IF_ERROR(target.status());
  std::set<std::string_view> seen = {target->state_namespace};
  for (const spw_bytes& source : std::span(sources, count)) {
    if (source.data == nullptr) return state->Named(Status::InvalidArgument("a source namespace of a merge is null"));
    if (!seen.insert(plugin::ToStringView(source)).second) {
      return state->Named(
          Status::InvalidArgument("a merge names one namespace twice: each source once, never the target"));
    }
  }
  auto& lists = state->contents.lists;
  if (!lists.contains(*target)) {
    // Merging makes no element, only perhaps the target's place; the sources' places are given back below.
    SPILLWAY_RETURN_IF_ERROR(state->Named(state->backend->account.Take(Purpose::kEntries, CostOf(*target))));
  }
  List& merged = lists[Place(*target)];
  for (const spw_bytes& source : std::span(sources, count)) {
    const auto found = lists.find(PlaceView{target->key_group, target->key, plugin::ToStringView(source)});
    if (found == lists.end()) continue;
    for (Stored& element : found->second) merged.push_back(std::move(element));
    state->backend->account.GiveBack(Purpose::kEntries, CostOf(found->first));
    lists.erase(found);
  }
  if (merged.empty()) {
    state->backend->account.GiveBack(Purpose::kEntries, CostOf(*target));
    lists.erase(lists.find(*target));
  }
  return SPW_OK;
}

}  // namespace

void FillMergeSlots(spw_backend_api* api) {
  api->merge_namespaces = [](spw_state* state, spw_bytes target, const spw_bytes* sources, uint64_t count,
                             spw_error* err) noexcept {
    return Slot(err, [&] { return Merge(state, state->CurrentPlace(SPW_STATE_LIST, target), sources, count); });
  };
}

}  // namespace spillway::model
