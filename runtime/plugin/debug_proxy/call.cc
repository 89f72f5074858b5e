#include "runtime/plugin/debug_proxy/call.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <sstream>
#include <string_view>

namespace spillway::runtime::debug_proxy {
namespace {

std::string ThreadText(std::thread::id id) {
  std::ostringstream text;
  text << id;
  return text.str();
}

std::string Quoted(const char* slot) {
  return std::string("'") + slot + "'";
}

// What is wrong with the error struct that the host handed over; empty when it is ready to be filled.
std::string ErrorStructFault(const spw_error* err) {
  if (err == nullptr) return "its error struct is NULL";
  if (err->struct_size < sizeof(spw_error)) {
    return "its error struct is not initialised: struct_size is " + std::to_string(err->struct_size);
  }
  if (err->message != nullptr || err->release != nullptr) {
    return "its error struct still holds a message: release it before it is used again, or zero it when it is new";
  }
  return {};
}

std::string WithArticle(Kind kind) {
  return std::string(kind == Kind::kIterator ? "an " : "a ") + KindName(kind);
}

// Whether the slot has a use for a result other than SPW_OK.
bool MayAnswer(std::string_view slot, spw_code code) {
  constexpr std::string_view kMayBeAbsent[] = {
      "find_state",   "value_get",  "value_get_for_update", "value_get_at", "value_get_for_update_at",
      "list_iterate", "map_get",    "map_remove",           "map_iterate",  "iterator_next",
      "timer_remove", "timer_peek", "timer_poll_due",       "get_async"};
  if (code == SPW_PENDING) return slot == "get_async";
  return std::find(std::begin(kMayBeAbsent), std::end(kMayBeAbsent), slot) != std::end(kMayBeAbsent);
}

std::string ThreadFault(const BackendProxy& backend) {
  const std::thread::id owner = backend.owner.load();
  const std::thread::id self = std::this_thread::get_id();
  if (owner == std::thread::id()) {
    return "is for the owner thread only, and no owner was bound; it was called by thread " + ThreadText(self);
  }
  if (owner == self) return {};
  return "is for the owner thread " + ThreadText(owner) + " only; it was called by thread " + ThreadText(self);
}

// An error in its own box: the counters outlive the plugin's proxy, since an error may.
struct ErrorBox {
  std::shared_ptr<Counters> counters;
  std::string text;   // of the proxy's own errors
  spw_error inner{};  // of the plugin's
};

void ReleaseErrorBox(spw_error* self) noexcept {
  const std::unique_ptr<ErrorBox> box(static_cast<ErrorBox*>(self->private_data));
  if (box->inner.release != nullptr) box->inner.release(&box->inner);
  box->counters->errors.fetch_sub(1);
  self->message = nullptr;
  self->private_data = nullptr;
  self->release = nullptr;
}

void FillFromBox(spw_error* err, spw_code code, std::unique_ptr<ErrorBox> box) {
  box->counters->errors.fetch_add(1);
  err->code = code;
  err->message = box->inner.message != nullptr ? box->inner.message : box->text.c_str();
  err->private_data = box.release();
  err->release = &ReleaseErrorBox;
}

}  // namespace

spw_code Refuse(const Core& core, spw_error* err, spw_code code, const char* slot, const std::string& what) {
  const std::string violation = Quoted(slot) + " " + what;
  if (!ErrorStructFault(err).empty()) {
    core.Report(violation);
    return code;
  }
  core.Note(violation);
  FillFromBox(err, code, std::make_unique<ErrorBox>(ErrorBox{core.counters(), "debug proxy: " + violation, {}}));
  return code;
}

std::string HandleFault(const Where& where) {
  if (where.handle == nullptr) return std::string("was called with a NULL ") + KindName(where.kind);
  if (where.handle->kind != where.kind) {
    return "was called with " + WithArticle(where.handle->kind) + " instead of " + WithArticle(where.kind);
  }
  if (where.handle->released.load()) return "was called on " + WithArticle(where.kind) + " after its release";
  return {};
}

spw_code Enter(const Where& where, spw_error* err) {
  if (where.handle == nullptr) {  // no proxy to ask
    if (ErrorStructFault(err).empty()) {
      err->code = SPW_INVALID_ARGUMENT;
      err->message = "debug proxy: a slot was called with a NULL handle";
    }
    return SPW_INVALID_ARGUMENT;
  }
  BackendProxy* backend = where.handle->backend;
  const Core& core = *backend->core;
  if (std::string fault = ErrorStructFault(err); !fault.empty()) {
    core.Report(Quoted(where.slot) + " cannot report: " + fault);
    return SPW_INVALID_ARGUMENT;
  }
  if (std::string fault = HandleFault(where); !fault.empty()) {
    return Refuse(core, err, where.handle->released.load() ? SPW_CLOSED : SPW_INVALID_ARGUMENT, where.slot, fault);
  }
  if (where.tag == Tag::kAnyThread || backend->closed.load()) return SPW_OK;
  if (std::string fault = ThreadFault(*backend); !fault.empty()) {
    return Refuse(core, err, SPW_WRONG_THREAD, where.slot, fault);
  }
  if (const char* under_way = backend->owner_call.load()) {
    return Refuse(core, err, SPW_INVALID_STATE, where.slot,
                  std::string("was called from inside '") + under_way + "': nobody may call back into the backend");
  }
  backend->shadows.WriteBack();
  if (where.tag == Tag::kOwnerSafepoint) backend->EndViews();
  return SPW_OK;
}

bool EnterVoid(const Where& where) {
  if (where.handle == nullptr) return false;  // releasing nothing is nothing
  BackendProxy* backend = where.handle->backend;
  std::string fault = HandleFault(where);
  if (fault.empty() && where.tag != Tag::kAnyThread && !backend->closed.load()) {
    fault = ThreadFault(*backend);
    if (const char* under_way = backend->owner_call.load(); fault.empty() && under_way != nullptr) {
      fault = std::string("was called from inside '") + under_way + "': nobody may call back into the backend";
    }
  }
  if (fault.empty()) return true;
  backend->core->Report(Quoted(where.slot) + " " + fault);
  return false;
}

std::string AnswerFault(const Where& where, bool was_closed, spw_code code, const spw_error& answered) {
  const std::string number = std::to_string(code);
  if (plugin::KnownCode(code) != code) return "answered with the unknown code " + number;
  // A slot that the plugin leaves out has no instance to ask.
  if (was_closed && code != SPW_CLOSED && code != SPW_UNSUPPORTED) {
    return "answered with code " + number + " after the backend was closed; it must be SPW_CLOSED";
  }
  const bool filled = answered.message != nullptr;
  if (code > SPW_OK && !MayAnswer(where.slot, code)) {
    return "answered with " + std::string(code == SPW_ABSENT ? "SPW_ABSENT" : "SPW_PENDING") +
           ", which means nothing here";
  }
  if (!plugin::IsError(code)) {
    return filled || answered.release != nullptr
               ? "filled the error struct although its code " + number + " is no error"
               : std::string();
  }
  const bool may_be_silent = code == SPW_TIMED_OUT && std::string_view(where.slot) == "wait";
  if (!filled) return may_be_silent ? std::string() : "answered with error " + number + " without a message";
  if (answered.message[0] == '\0') return "answered with error " + number + " and an empty message";
  if (answered.code != code) {
    return "answered with error " + number + ", its error struct says " + std::to_string(answered.code);
  }
  return {};
}

spw_code Finish(const Core& core, const char* slot, spw_code code, spw_error* answered, const std::string& fault,
                spw_error* err) {
  if (!fault.empty()) {
    const std::string said = answered->message == nullptr ? "" : std::string(" (it said: ") + answered->message + ")";
    if (answered->release != nullptr) answered->release(answered);
    return Refuse(core, err, SPW_INTERNAL, slot,
                  "of plugin " + std::string(core.plugin()->name()) + " " + fault + said);
  }
  if (answered->message != nullptr) {
    FillFromBox(err, code, std::make_unique<ErrorBox>(ErrorBox{core.counters(), {}, *answered}));
  }
  return code;
}

std::string ShowView(StateProxy* state, CopyArena* arena, spw_code code, const spw_view& real, spw_view* out) {
  *out = spw_view{};
  const bool is_null = (real.flags & SPW_VIEW_NULL) != 0;
  if (code != SPW_OK) {
    return real.data == nullptr ? std::string()
                                : "gave a view although its code " + std::to_string(code) + " is not OK";
  }
  if (real.data == nullptr) {
    if (!is_null) return "answered OK with null bytes and without SPW_VIEW_NULL";
    if (state->state_kind != 0 && state->state_kind != SPW_STATE_MAP) return "gave a null value outside a map";
    *out = real;
    return {};
  }
  if (is_null) return "gave bytes together with SPW_VIEW_NULL";
  if (real.size > 0 && reinterpret_cast<uintptr_t>(real.data) % state->promised_alignment() != 0) {
    return "gave a view that is not aligned to the registered " + std::to_string(state->promised_alignment()) +
           " bytes";
  }
  *out = real;
  out->data = arena->Copy(real.data, real.size, state->shown_alignment());
  return {};
}

std::string KeyGroupFault(uint32_t key_group, spw_key_group_range range) {
  if (key_group >= range.first && key_group <= range.last) return {};
  return "gave key-group " + std::to_string(key_group) + ", outside " + std::to_string(range.first) + " to " +
         std::to_string(range.last);
}

}  // namespace spillway::runtime::debug_proxy
