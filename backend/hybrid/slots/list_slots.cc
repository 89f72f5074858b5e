// List states, and the merging of their namespaces.
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/slots/slot.h"

namespace spillway::hybrid {
namespace {

Status CheckElements(const State& state, std::span<const spw_bytes> elements) {
  for (const spw_bytes& element : elements) {
    if (IsWithin(element, snapshot::kValueBytesMax)) continue;
    return CheckBytes(state, element, snapshot::kValueBytesMax, "list element");
  }
  return {};
}

Status CheckElements(const State& state, const spw_bytes* elements, uint64_t count) {
  if (count > 0 && elements == nullptr) return NamedError(state, StatusCode::kInvalidArgument, "was given a null list");
  return CheckElements(state, {elements, count});
}

spw_code Iterate(State* state, const EntryAddress& address, spw_iterator** out, spw_error* err) {
  const Result<StateIterator*> iterator = IterateList(state, address);
  if (!iterator.ok()) return Answer(iterator.status(), err);
  if (*iterator == nullptr) return SPW_ABSENT;
  *out = reinterpret_cast<spw_iterator*>(*iterator);
  return SPW_OK;
}

spw_code Merge(State* state, const EntryAddress& target, const spw_bytes* sources, uint64_t count, spw_error* err) {
  if (count > 0 && sources == nullptr) {
    return Answer(NamedError(*state, StatusCode::kInvalidArgument, "was given null sources to merge"), err);
  }
  std::set<std::string_view> seen{target.probe.state_namespace};
  std::vector<EntryAddress> addresses;
  for (const spw_bytes& source : std::span(sources, count)) {
    if (Status status = CheckBytes(*state, source, snapshot::kNamespaceBytesMax, "namespace"); !status.ok()) {
      return Answer(status, err);
    }
    if (!seen.insert(plugin::ToStringView(source)).second) {
      return Answer(NamedError(*state, StatusCode::kInvalidArgument,
                               "was given a namespace twice to merge, or the target among the sources"),
                    err);
    }
    addresses.push_back(state->instance()->CurrentAddress(plugin::ToStringView(source)));
  }
  return AnswerWrite(*state, MergeLists(state, target, addresses), err);
}

}  // namespace

void FillListSlots(spw_backend_api* api) {
  api->list_append = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                        spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_LIST, ns, err, [&](State* s, const EntryAddress& address) {
      if (Status status = CheckElements(*s, elements, count); !status.ok()) return Answer(status, err);
      return AnswerWrite(*s, AppendToList(s, address, {elements, count}), err);
    });
  };
  api->list_replace = [](spw_state* state, spw_bytes ns, const spw_bytes* elements, uint64_t count,
                         spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_LIST, ns, err, [&](State* s, const EntryAddress& address) {
      if (Status status = CheckElements(*s, elements, count); !status.ok()) return Answer(status, err);
      return AnswerWrite(*s, ReplaceList(s, address, {elements, count}), err);
    });
  };
  api->list_iterate = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_LIST, ns, err,
                        [&](State* s, const EntryAddress& address) { return Iterate(s, address, out, err); });
  };
  api->merge_namespaces = [](spw_state* state, spw_bytes target, const spw_bytes* sources, uint64_t count,
                             spw_error* err) noexcept {
    return OnCurrentKey(state, SPW_STATE_LIST, target, err,
                        [&](State* s, const EntryAddress& address) { return Merge(s, address, sources, count, err); });
  };
}

}  // namespace spillway::hybrid
