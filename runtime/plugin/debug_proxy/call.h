// One call through the proxy: what is checked before it, and of its answer.
//
// Run() does it for slots with a result; EnterVoid() for those without. On the owner's slots it first carries the
// host's in-place writes to the plugin, and at safepoints ends the views; afterwards writable views follow what the
// call wrote.
#pragma once

#include <string>
#include <utility>

#include "runtime/plugin/debug_proxy/handles.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"

namespace spillway::runtime::debug_proxy {

enum class Tag { kAnyThread, kOwner, kOwnerSafepoint };

struct Where {
  Kind kind;           // what the handle must be
  HandleBase* handle;  // may be anything that the host handed over
  const char* slot;
  Tag tag;
};

// Marks the owner's call as under way for as long as it lives.
class OwnerCall {
 public:
  OwnerCall(BackendProxy* backend, const char* slot) : backend_(backend) {
    if (backend_ != nullptr) backend_->owner_call.store(slot);
  }
  ~OwnerCall() {
    if (backend_ != nullptr) backend_->owner_call.store(nullptr);
  }
  OwnerCall(const OwnerCall&) = delete;
  OwnerCall& operator=(const OwnerCall&) = delete;

 private:
  BackendProxy* const backend_;
};

// A fault of the host: noted, and the error filled; returns `code`. `err` may be unusable, then it is only reported.
spw_code Refuse(const Core& core, spw_error* err, spw_code code, const char* slot, const std::string& what);

// SPW_OK when the call may go on; else the code it is refused with. On a closed backend no slot is the owner's any
// more: any thread may call, several at once, and gets SPW_CLOSED from the plugin.
spw_code Enter(const Where& where, spw_error* err);

// The same for a slot without a result: false, reported, when the call must not go on.
bool EnterVoid(const Where& where);

// Whether `handle` is a live one of its kind; else what is wrong with it.
std::string HandleFault(const Where& where);

// Tells what is wrong with the code and the error of an answer; empty when nothing is.
// `was_closed`: the backend was closed before the call.
std::string AnswerFault(const Where& where, bool was_closed, spw_code code, const spw_error& answered);

// Hands the plugin's error on, counted, or a fault of the plugin as SPW_INTERNAL; returns the code for the host.
spw_code Finish(const Core& core, const char* slot, spw_code code, spw_error* answered, const std::string& fault,
                spw_error* err);

// Calls `call(spw_error*)`, then, when that was no error, `show(spw_code)`, which gives the host its outputs and
// returns what is wrong with them. With an `input_fault`, what is wrong with the host's arguments, it calls nothing.
template <typename Object, typename Call, typename Show>
spw_code Run(Object* object, Kind kind, const char* slot, Tag tag, const std::string& input_fault, spw_error* err,
             Call&& call, Show&& show) noexcept {
  const Where where{kind, object, slot, tag};
  if (const spw_code refused = Enter(where, err); refused != SPW_OK) return refused;
  BackendProxy* backend = object->backend;
  if (!input_fault.empty()) return Refuse(*backend->core, err, SPW_INVALID_ARGUMENT, slot, input_fault);
  const bool was_closed = backend->closed.load();
  // Cleared before anybody else may bind: an owner's call ends with its answer.
  const OwnerCall owner_call(tag == Tag::kAnyThread || was_closed ? nullptr : backend, slot);
  auto answered = plugin::Sized<spw_error>();
  const spw_code code = std::forward<Call>(call)(&answered);
  if (tag == Tag::kOwner && !was_closed) backend->shadows.Refresh();
  std::string fault = AnswerFault(where, was_closed, code, answered);
  if (fault.empty() && !plugin::IsError(code)) fault = std::forward<Show>(show)(code);
  return Finish(*backend->core, slot, code, &answered, fault, err);
}

template <typename Object, typename Call, typename Show>
spw_code Run(Object* object, Kind kind, const char* slot, Tag tag, spw_error* err, Call&& call, Show&& show) noexcept {
  return Run(object, kind, slot, tag, std::string(), err, std::forward<Call>(call), std::forward<Show>(show));
}

// For slots that have no outputs to show.
template <typename Object, typename Call>
spw_code Run(Object* object, Kind kind, const char* slot, Tag tag, spw_error* err, Call&& call) noexcept {
  return Run(object, kind, slot, tag, err, std::forward<Call>(call), [](spw_code) { return std::string(); });
}

// What is wrong with a view that came with `code`; else `out` gets the copy to show.
std::string ShowView(StateProxy* state, CopyArena* arena, spw_code code, const spw_view& real, spw_view* out);

// What is wrong with a growing struct that the host hands over; empty when nothing is.
template <typename T>
std::string StructFault(const T* given, const char* name) {
  if (given == nullptr) return std::string("was called with a NULL ") + name;
  if (given->struct_size >= sizeof(T)) return {};
  return std::string("was called with a ") + name + " whose struct_size is " + std::to_string(given->struct_size) +
         " instead of " + std::to_string(sizeof(T));
}

// Takes the host's range and the plugin's number into one sentence when the number is not in it; else empty.
std::string KeyGroupFault(uint32_t key_group, spw_key_group_range range);

}  // namespace spillway::runtime::debug_proxy
