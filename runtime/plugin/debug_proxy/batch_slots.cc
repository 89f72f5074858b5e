// Batches, asynchronous reads and live queries.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plugin/debug_proxy/call.h"
#include "runtime/plugin/debug_proxy/slots.h"

namespace spillway::runtime::debug_proxy {
namespace {

constexpr Kind kKind = Kind::kBackend;

const spw_backend_api& Real(spw_backend* handle) {
  return Proxy(handle)->core->real();
}
spw_backend* RealHandle(spw_backend* handle) {
  return Proxy(handle)->real;
}

// The host's accesses with the plugin's own state handles.
struct Accesses {
  Accesses(BackendProxy* self, const char* slot, const spw_access* accesses, uint32_t count) {
    if (count > 0 && accesses == nullptr) {
      fault = "was called with NULL accesses";
      return;
    }
    real.assign(accesses, accesses + count);
    for (spw_access& access : real) {
      StateProxy* state = Proxy(access.state);
      fault = HandleFault({Kind::kState, state, slot, Tag::kOwner});
      if (fault.empty() && state->backend != self) fault = "was called with a state of another backend";
      if (!fault.empty()) return;
      access.state = state->real;
    }
  }

  std::vector<spw_access> real;
  std::string fault;  // empty when all can be handed on
};

spw_code Poll(spw_backend* handle, spw_completion* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  return Run(
      self, kKind, "poll", Tag::kOwnerSafepoint, err,
      [&](spw_error* e) {
        *count = 0;
        return Real(handle).poll(RealHandle(handle), out, capacity, count, e);
      },
      [&](spw_code) {
        if (*count > capacity) {
          return "gave " + std::to_string(*count) + " completions for a capacity of " + std::to_string(capacity);
        }
        for (uint32_t i = 0; i < *count; ++i) {
          const auto pending = self->pending_tokens.find(out[i].token);
          if (pending == self->pending_tokens.end()) {
            return "completed token " + std::to_string(out[i].token) + ", which nothing waits for";
          }
          StateProxy* state = pending->second;
          self->pending_tokens.erase(pending);
          if (plugin::KnownCode(out[i].code) != out[i].code || out[i].code == SPW_PENDING) {
            return "completed token " + std::to_string(out[i].token) + " with code " + std::to_string(out[i].code) +
                   ", which is no answer";
          }
          const spw_view real = out[i].value;
          std::string fault = ShowView(state, &self->views, out[i].code, real, &out[i].value);
          if (!fault.empty()) return fault;
        }
        return std::string();
      });
}

spw_code Prefetch(spw_backend* handle, const spw_access* accesses, uint32_t count, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  const Accesses given(self, "prefetch", accesses, count);
  return Run(
      self, kKind, "prefetch", Tag::kOwnerSafepoint, given.fault, err,
      [&](spw_error* e) { return Real(handle).prefetch(RealHandle(handle), given.real.data(), count, e); },
      [](spw_code) { return std::string(); });
}

spw_code GetMany(spw_backend* handle, const spw_access* accesses, uint32_t count, spw_access_result* out,
                 spw_error* err) {
  BackendProxy* self = Proxy(handle);
  const Accesses given(self, "get_many", accesses, count);
  return Run(
      self, kKind, "get_many", Tag::kOwner, given.fault, err,
      [&](spw_error* e) {
        std::fill_n(out, count, spw_access_result{});
        return Real(handle).get_many(RealHandle(handle), given.real.data(), count, out, e);
      },
      [&](spw_code) {
        for (uint32_t i = 0; i < count; ++i) {
          if (plugin::KnownCode(out[i].code) != out[i].code) {
            return "gave the unknown code " + std::to_string(out[i].code) + " for access " + std::to_string(i);
          }
          const spw_view real = out[i].value;
          std::string fault = ShowView(Proxy(accesses[i].state), &self->views, out[i].code, real, &out[i].value);
          if (!fault.empty()) return fault;
        }
        return std::string();
      });
}

spw_code PutMany(spw_backend* handle, const spw_access* accesses, const spw_bytes* values, uint32_t count,
                 spw_error* err) {
  BackendProxy* self = Proxy(handle);
  const Accesses given(self, "put_many", accesses, count);
  return Run(
      self, kKind, "put_many", Tag::kOwner, given.fault, err,
      [&](spw_error* e) { return Real(handle).put_many(RealHandle(handle), given.real.data(), values, count, e); },
      [](spw_code) { return std::string(); });
}

spw_code GetAsync(spw_backend* handle, const spw_access* access, uint64_t token, spw_view* out, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  const Accesses given(self, "get_async", access, 1);
  spw_view real{};
  return Run(
      self, kKind, "get_async", Tag::kOwner, given.fault, err,
      [&](spw_error* e) { return Real(handle).get_async(RealHandle(handle), given.real.data(), token, &real, e); },
      [&](spw_code code) {
        StateProxy* state = Proxy(access->state);
        if (code == SPW_PENDING) self->pending_tokens.emplace(token, state);
        return ShowView(state, &self->views, code, real, out);
      });
}

spw_code Wait(spw_backend* handle, uint64_t timeout_us, spw_error* err) {
  return Run(Proxy(handle), kKind, "wait", Tag::kOwner, err,
             [&](spw_error* e) { return Real(handle).wait(RealHandle(handle), timeout_us, e); });
}

spw_code EventDescriptor(spw_backend* handle, int32_t* out, spw_error* err) {
  return Run(
      Proxy(handle), kKind, "event_descriptor", Tag::kOwner, err,
      [&](spw_error* e) { return Real(handle).event_descriptor(RealHandle(handle), out, e); },
      [&](spw_code) { return *out >= 0 ? std::string() : std::string("gave a negative descriptor"); });
}

std::string AnswerFaultOf(spw_code code, const spw_view* value) {
  if (plugin::KnownCode(code) != code || code == SPW_PENDING) {
    return "with code " + std::to_string(code) + ", which is no answer";
  }
  const bool has_value = value != nullptr && (value->data != nullptr || (value->flags & SPW_VIEW_NULL) != 0);
  if (code == SPW_OK && !has_value) return "OK without a value";
  return {};
}

void Answer(void* context, spw_code code, const spw_view* value) {
  auto* self = static_cast<QueryProxy*>(context);
  BackendProxy* backend = self->backend;
  if (self->answered.exchange(true)) {
    backend->core->Report("'query_submit' was answered twice for one query");
    return;
  }
  const std::thread::id owner = backend->owner.load();
  if (owner != std::thread::id() && owner != std::this_thread::get_id()) {
    backend->core->Report("'query_submit' was answered on another thread than the owner's");
  }
  if (std::string fault = AnswerFaultOf(code, value); !fault.empty()) {
    backend->core->Report("'query_submit' was answered " + fault);
    code = SPW_INTERNAL;
  }
  // A copy that is poisoned when the callee returns, for who keeps it.
  CopyArena borrowed;
  spw_view shown = code == SPW_OK ? *value : spw_view{};
  shown.data = borrowed.Copy(shown.data, shown.size, 1);
  self->answer(self->context, code, &shown);
  borrowed.EndAll(&backend->poisoned);
  {
    const std::lock_guard lock(backend->mutex);
    backend->queries.erase(self);
  }
  backend->core->counters()->queries.fetch_sub(1);
  self->released.store(true);
  backend->core->Quarantine(std::unique_ptr<HandleBase>(self));
}

spw_code QuerySubmit(spw_backend* handle, const spw_query* query, spw_error* err) {
  BackendProxy* self = Proxy(handle);
  if (std::string fault = StructFault(query, "spw_query"); self == nullptr || !fault.empty()) {
    const auto nothing = [](auto) { return spw_code{SPW_INTERNAL}; };  // refused before it would be called
    return Run(self, kKind, "query_submit", Tag::kAnyThread, fault, err, nothing,
               [](spw_code) { return std::string(); });
  }
  auto proxy = std::make_unique<QueryProxy>(self, *query);
  spw_query real = *query;
  real.context = proxy.get();
  real.answer = &Answer;
  // Known before it is submitted: the owner may answer before query_submit returns here.
  {
    const std::lock_guard lock(self->mutex);
    self->queries.insert(proxy.get());
  }
  self->core->counters()->queries.fetch_add(1);
  QueryProxy* submitted = proxy.release();
  const spw_code code = Run(self, kKind, "query_submit", Tag::kAnyThread, err,
                            [&](spw_error* e) { return Real(handle).query_submit(RealHandle(handle), &real, e); });
  if (code == SPW_OK) return code;
  if (submitted->answered.load()) {
    self->core->Report("'query_submit' failed for a query that was answered");
    return code;
  }
  proxy.reset(submitted);
  self->core->counters()->queries.fetch_sub(1);
  const std::lock_guard lock(self->mutex);
  self->queries.erase(submitted);
  return code;
}

}  // namespace

void FillBatchSlots(spw_backend_api* table) {
  table->poll = &Poll;
  table->prefetch = &Prefetch;
  table->get_many = &GetMany;
  table->put_many = &PutMany;
  table->get_async = &GetAsync;
  table->wait = &Wait;
  table->event_descriptor = &EventDescriptor;
  table->query_submit = &QuerySubmit;
}

}  // namespace spillway::runtime::debug_proxy
