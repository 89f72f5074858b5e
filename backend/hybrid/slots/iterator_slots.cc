// Iteration over a whole state, and what all iterators share.
#include <algorithm>

#include "backend/hybrid/slots/slot.h"

namespace spillway::hybrid {
namespace {

spw_code Give(const Result<StateIterator*>& iterator, spw_iterator** out, spw_error* err) {
  if (!iterator.ok()) return Answer(iterator.status(), err);
  *out = reinterpret_cast<spw_iterator*>(*iterator);
  return SPW_OK;
}

// Restored states may be iterated before they are registered.
template <typename Body>
spw_code OnState(spw_state* handle, bool keyed_only, spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    State* state = Behind(handle);
    if (state->instance()->closed()) return Answer(ClosedError(*state->instance()), err);
    if (keyed_only && state->kind() == SPW_STATE_TIMER) {
      return Answer(NamedError(*state, StatusCode::kInvalidArgument, "is a timer state: it has no keys, only entries"),
                    err);
    }
    return body(state);
  });
}

spw_code Keys(State* state, spw_bytes ns, spw_iterator** out, spw_error* err) {
  if (!IsWithin(ns, snapshot::kNamespaceBytesMax)) {
    return Answer(CheckBytes(*state, ns, snapshot::kNamespaceBytesMax, "namespace"), err);
  }
  return Give(IterateKeys(state, plugin::ToStringView(ns)), out, err);
}

spw_code Entries(State* state, spw_key_group_range range, spw_iterator** out, spw_error* err) {
  const spw_key_group_range own = state->instance()->key_groups();
  if (range.first > range.last) {
    return Answer(NamedError(*state, StatusCode::kInvalidArgument,
                             "was given a range of key-groups whose first is above its last"),
                  err);
  }
  // What is not of this instance holds nothing here.
  const uint32_t first = std::max(range.first, own.first);
  const uint32_t last = std::min(range.last, own.last);
  if (first > last) {
    // No table at all: index 1 to 0.
    return Give(IterateEntries(state, 1, 0), out, err);
  }
  return Give(IterateEntries(state, first - own.first, last - own.first), out, err);
}

spw_code Next(StateIterator* iterator, spw_item* items, uint32_t capacity, uint32_t* count, spw_error* err) {
  *count = 0;
  if (iterator->instance()->closed()) return Answer(ClosedError(*iterator->instance()), err);
  const Result<uint32_t> given = iterator->Next(items, capacity);
  if (!given.ok()) return Answer(given.status(), err);
  *count = *given;
  return *count == 0 && capacity > 0 ? SPW_ABSENT : SPW_OK;
}

spw_code AnswerChange(StateIterator* iterator, StateIterator::Change change, spw_error* err) {
  const State& state = *iterator->state();
  switch (change) {
    case StateIterator::Change::kDone:
      return SPW_OK;
    case StateIterator::Change::kNoMemory:
      return AnswerAccess(state, SPW_OUT_OF_MEMORY, err);
    case StateIterator::Change::kFailed:
      return Answer(iterator->instance()->TakeFailure(), err);
    case StateIterator::Change::kNotOfMap:
      return Answer(
          NamedError(state, StatusCode::kInvalidState, "can be changed only through an iterator of map_iterate"), err);
    case StateIterator::Change::kNothingThere:
      break;
  }
  return Answer(NamedError(state, StatusCode::kInvalidState,
                           "has no such item in the iterator's last batch, or it was removed already"),
                err);
}

template <typename Body>
spw_code Change(spw_iterator* handle, spw_error* err, Body&& body) noexcept {
  return plugin::Guard(err, [&]() -> spw_code {
    StateIterator* iterator = Behind(handle);
    if (iterator->instance()->closed()) return Answer(ClosedError(*iterator->instance()), err);
    return AnswerChange(iterator, body(iterator), err);
  });
}

spw_code Replace(spw_iterator* handle, uint32_t index, spw_bytes value, spw_error* err) noexcept {
  const bool too_large = value.data != nullptr && value.size > snapshot::kValueBytesMax;
  if (!too_large) return Change(handle, err, [&](StateIterator* i) { return i->Replace(index, value); });
  return plugin::Guard(err, [&] {
    const StateIterator* iterator = Behind(handle);
    if (iterator->instance()->closed()) return Answer(ClosedError(*iterator->instance()), err);
    return Answer(CheckBytes(*iterator->state(), value, snapshot::kValueBytesMax, "value"), err);
  });
}

}  // namespace

void FillIteratorSlots(spw_backend_api* api) {
  api->keys = [](spw_state* state, spw_bytes ns, spw_iterator** out, spw_error* err) noexcept {
    return OnState(state, true, err, [&](State* s) { return Keys(s, ns, out, err); });
  };
  api->keys_and_namespaces = [](spw_state* state, spw_iterator** out, spw_error* err) noexcept {
    return OnState(state, true, err, [&](State* s) { return Give(IterateKeysAndNamespaces(s), out, err); });
  };
  api->entries = [](spw_state* state, spw_key_group_range range, spw_iterator** out, spw_error* err) noexcept {
    return OnState(state, false, err, [&](State* s) { return Entries(s, range, out, err); });
  };
  api->iterator_next = [](spw_iterator* iterator, spw_item* items, uint32_t capacity, uint32_t* count,
                          spw_error* err) noexcept {
    return plugin::Guard(err, [&] { return Next(Behind(iterator), items, capacity, count, err); });
  };
  api->iterator_remove = [](spw_iterator* iterator, uint32_t index, spw_error* err) noexcept {
    return Change(iterator, err, [&](StateIterator* i) { return i->Remove(index); });
  };
  api->iterator_replace = [](spw_iterator* iterator, uint32_t index, spw_bytes value, spw_error* err) noexcept {
    return Replace(iterator, index, value, err);
  };
  api->iterator_release = [](spw_iterator* iterator) noexcept { plugin::GuardVoid([&] { delete Behind(iterator); }); };
}

}  // namespace spillway::hybrid
