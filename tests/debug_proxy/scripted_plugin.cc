#include "tests/debug_proxy/scripted_plugin.h"

#include <algorithm>
#include <cstring>

#include "spillway/plugin/error.h"
#include "spillway/plugin/guard.h"

struct spw_state {
  spw_backend* backend;
};

struct spw_backend {
  explicit spw_backend(spillway::debug_proxy_test::Script* s) : script(s) {}
  spillway::debug_proxy_test::Script* const script;
  spw_state state{this};
  bool registered = false;
  bool closed = false;
  std::vector<spw_query> queries;
  spillway::plugin::HandleCount counted;
};

struct spw_iterator {
  explicit spw_iterator(spw_backend* b) : backend(b) {}
  spw_backend* const backend;
  bool at_end = false;
  spillway::plugin::HandleCount counted;
};

struct spw_snapshot {
  explicit spw_snapshot(spw_backend* b) : backend(b) {}
  spw_backend* const backend;
  spillway::plugin::HandleCount counted;
};

namespace spillway::debug_proxy_test {
namespace {

using plugin::FillError;

spw_backend* BackendOf(spw_backend* backend) {
  return backend;
}
template <typename Handle>
spw_backend* BackendOf(Handle* handle) {
  return handle->backend;
}

// What ends a slot before its own work: the script's word, or that the backend is closed.
template <typename Handle>
std::optional<spw_code> Ended(Handle* handle, std::string_view slot, spw_error* err) {
  const spw_backend* backend = BackendOf(handle);
  if (backend->script->before) {
    if (const std::optional<spw_code> answer = backend->script->before(slot, err)) return answer;
  }
  if (backend->closed) return FillError(err, SPW_CLOSED, "the scripted backend is closed");
  return {};
}

#define SCRIPTED_SLOT(handle, slot) \
  if (const std::optional<spw_code> ended = Ended(handle, slot, err)) return *ended

spw_code Open(const spw_open_options*, const spw_host* host, spw_backend** out, spw_error* err) {
  auto* script = static_cast<Script*>(host->context);
  if (script->before) {
    if (const std::optional<spw_code> answer = script->before("open", err)) return *answer;
  }
  if (script->gives_handles) *out = script->last_opened = new spw_backend(script);
  return SPW_OK;
}

void AnswerQueries(spw_backend* backend, spw_code code) {
  const std::vector<spw_query> queries = std::move(backend->queries);
  backend->queries.clear();
  for (const spw_query& query : queries) query.answer(query.context, code, &backend->script->view);
}

spw_code Close(spw_backend* backend, uint32_t, spw_error* err) {
  SCRIPTED_SLOT(backend, "close");
  AnswerQueries(backend, SPW_CLOSED);
  backend->closed = true;
  return SPW_OK;
}

spw_code RegisterState(spw_backend* backend, const spw_state_options*, spw_state** out, spw_error* err) {
  SCRIPTED_SLOT(backend, "register_state");
  backend->registered = true;
  if (backend->script->gives_handles) *out = &backend->state;
  return SPW_OK;
}

spw_code FindState(spw_backend* backend, const char* name, spw_state** out, spw_error* err) {
  SCRIPTED_SLOT(backend, "find_state");
  if (std::strcmp(name, "there") != 0) return SPW_ABSENT;
  if (backend->script->gives_handles) *out = &backend->state;
  return SPW_OK;
}

spw_code Poll(spw_backend* backend, spw_completion* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  SCRIPTED_SLOT(backend, "poll");
  Script& script = *backend->script;
  AnswerQueries(backend, SPW_OK);
  const size_t given = std::min<size_t>(capacity, script.completions.size());
  std::copy_n(script.completions.begin(), given, out);
  script.completions.erase(script.completions.begin(), script.completions.begin() + static_cast<ptrdiff_t>(given));
  *count = script.count.value_or(static_cast<uint32_t>(given));
  return SPW_OK;
}

spw_code Read(spw_state* state, std::string_view slot, spw_view* out, spw_error* err) {
  SCRIPTED_SLOT(state, slot);
  *out = state->backend->script->view;
  return state->backend->script->code;
}

spw_code Update(spw_state* state, std::string_view slot, spw_mut_view* out, spw_error* err) {
  SCRIPTED_SLOT(state, slot);
  *out = state->backend->script->mut_view;
  return state->backend->script->code;
}

spw_code Iterate(spw_state* state, std::string_view slot, spw_iterator** out, spw_error* err) {
  SCRIPTED_SLOT(state, slot);
  if (state->backend->script->gives_handles) *out = new spw_iterator(state->backend);
  return SPW_OK;
}

spw_code IteratorNext(spw_iterator* iterator, spw_item* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  SCRIPTED_SLOT(iterator, "iterator_next");
  const Script& script = *iterator->backend->script;
  const size_t given = iterator->at_end ? 0 : std::min<size_t>(capacity, script.items.size());
  std::copy_n(script.items.begin(), given, out);
  iterator->at_end = true;
  *count = script.count.value_or(static_cast<uint32_t>(given));
  return script.batch_code.value_or(given == 0 ? SPW_ABSENT : SPW_OK);
}

spw_code TimerPollDue(spw_state* state, int64_t, spw_timer* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  SCRIPTED_SLOT(state, "timer_poll_due");
  const Script& script = *state->backend->script;
  const size_t given = std::min<size_t>(capacity, script.timers.size());
  std::copy_n(script.timers.begin(), given, out);
  *count = script.count.value_or(static_cast<uint32_t>(given));
  return script.batch_code.value_or(given == 0 ? SPW_ABSENT : SPW_OK);
}

spw_code QuerySubmit(spw_backend* backend, const spw_query* query, spw_error* err) {
  SCRIPTED_SLOT(backend, "query_submit");
  if (backend->script->query) {
    backend->script->query(*query);
  } else {
    backend->queries.push_back(*query);
  }
  return SPW_OK;
}

spw_code SnapshotBegin(spw_backend* backend, const spw_snapshot_options*, spw_snapshot** out, spw_error* err) {
  SCRIPTED_SLOT(backend, "snapshot_begin");
  if (backend->script->gives_handles) *out = new spw_snapshot(backend);
  return SPW_OK;
}

spw_code SnapshotRun(spw_snapshot* snapshot, spw_snapshot_result* out, spw_error* err) {
  SCRIPTED_SLOT(snapshot, "snapshot_run");
  Script& script = *snapshot->backend->script;
  if (script.run) script.run();
  const uint32_t size = out->struct_size;
  *out = script.result;
  out->struct_size = size;
  plugin::LiveHandles::OfPlugin().Add();
  out->release = [](spw_snapshot_result* self) {
    self->release = nullptr;
    plugin::LiveHandles::OfPlugin().Drop();
  };
  return SPW_OK;
}

// The slots that answer OK and give nothing, or a field of the script.
void FillStateSlots(spw_backend_api* api) {
  api->state_schema = [](spw_state* state, spw_schema_role, uint32_t, spw_bytes* out, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "state_schema");
    *out = plugin::EmptyBytes();
    return SPW_OK;
  };
  api->state_entry_count = [](spw_state* state, uint64_t* out, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "state_entry_count");
    *out = 1;
    return SPW_OK;
  };
  api->state_clear = [](spw_state* state, spw_bytes, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "state_clear");
    return SPW_OK;
  };
  api->value_get = [](spw_state* state, spw_bytes, spw_view* out, spw_error* err) {
    return Read(state, "value_get", out, err);
  };
  api->value_get_at = [](spw_state* state, spw_bytes, uint32_t, spw_bytes, spw_view* out, spw_error* err) {
    return Read(state, "value_get_at", out, err);
  };
  api->map_get = [](spw_state* state, spw_bytes, spw_bytes, spw_view* out, spw_error* err) {
    return Read(state, "map_get", out, err);
  };
  api->value_get_for_update = [](spw_state* state, spw_bytes, uint64_t, spw_mut_view* out, spw_error* err) {
    return Update(state, "value_get_for_update", out, err);
  };
  api->value_get_for_update_at = [](spw_state* state, spw_bytes, uint32_t, spw_bytes, uint64_t, spw_mut_view* out,
                                    spw_error* err) { return Update(state, "value_get_for_update_at", out, err); };
  api->value_put = [](spw_state* state, spw_bytes, spw_bytes, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "value_put");
    return SPW_OK;
  };
  api->map_is_empty = [](spw_state* state, spw_bytes, uint8_t* out, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "map_is_empty");
    *out = state->backend->script->flag;
    return SPW_OK;
  };
  api->timer_add = [](spw_state* state, const spw_timer*, uint64_t, uint8_t* head, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "timer_add");
    *head = state->backend->script->flag;
    return SPW_OK;
  };
  api->timer_remove = [](spw_state* state, const spw_timer*, uint8_t* head, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "timer_remove");
    *head = state->backend->script->flag;
    return SPW_OK;
  };
  api->timer_peek = [](spw_state* state, spw_timer* out, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(state, "timer_peek");
    const Script& script = *state->backend->script;
    if (script.timers.empty()) return SPW_ABSENT;
    *out = script.timers.front();
    return SPW_OK;
  };
  api->timer_poll_due = &TimerPollDue;
}

void FillIteratorSlots(spw_backend_api* api) {
  api->list_iterate = [](spw_state* state, spw_bytes, spw_iterator** out, spw_error* err) {
    return Iterate(state, "list_iterate", out, err);
  };
  api->map_iterate = [](spw_state* state, spw_bytes, spw_iterator** out, spw_error* err) {
    return Iterate(state, "map_iterate", out, err);
  };
  api->keys = [](spw_state* state, spw_bytes, spw_iterator** out, spw_error* err) {
    return Iterate(state, "keys", out, err);
  };
  api->keys_and_namespaces = [](spw_state* state, spw_iterator** out, spw_error* err) {
    return Iterate(state, "keys_and_namespaces", out, err);
  };
  api->entries = [](spw_state* state, spw_key_group_range, spw_iterator** out, spw_error* err) {
    return Iterate(state, "entries", out, err);
  };
  api->iterator_next = &IteratorNext;
  api->iterator_release = [](spw_iterator* iterator) { delete iterator; };
}

void FillBatchSlots(spw_backend_api* api) {
  api->prefetch = [](spw_backend* backend, const spw_access*, uint32_t, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "prefetch");
    return SPW_OK;
  };
  api->get_many = [](spw_backend* backend, const spw_access* accesses, uint32_t count, spw_access_result* out,
                     spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "get_many");
    for (uint32_t i = 0; i < count; ++i) {
      if (accesses[i].state != &backend->state)
        return FillError(err, SPW_INTERNAL, "a state of the proxy came through");
    }
    const std::vector<spw_access_result>& results = backend->script->results;
    std::copy_n(results.begin(), std::min<size_t>(count, results.size()), out);
    return SPW_OK;
  };
  api->get_async = [](spw_backend* backend, const spw_access*, uint64_t, spw_view*, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "get_async");
    return backend->script->async_code;
  };
  api->wait = [](spw_backend* backend, uint64_t, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "wait");
    return SPW_TIMED_OUT;
  };
  api->event_descriptor = [](spw_backend* backend, int32_t* out, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "event_descriptor");
    *out = backend->script->flag == 1 ? 0 : -1;
    return SPW_OK;
  };
  api->query_submit = &QuerySubmit;
}

spw_backend_api MakeApi() {
  auto api = plugin::Sized<spw_backend_api>();
  api.open = &Open;
  api.bind_owner = [](spw_backend* backend, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "bind_owner");
    return SPW_OK;
  };
  api.close = &Close;
  api.release = [](spw_backend* backend) { delete backend; };
  api.register_state = &RegisterState;
  api.find_state = &FindState;
  api.set_current_key = [](spw_backend* backend, spw_bytes, uint32_t, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "set_current_key");
    return SPW_OK;
  };
  api.end_record = [](spw_backend* backend) {
    auto ignored = plugin::Sized<spw_error>();
    if (backend->script->before) (void)backend->script->before("end_record", &ignored);
  };
  api.poll = &Poll;
  FillStateSlots(&api);
  FillIteratorSlots(&api);
  FillBatchSlots(&api);
  api.snapshot_begin = &SnapshotBegin;
  api.snapshot_run = &SnapshotRun;
  api.snapshot_cancel = [](spw_snapshot*) {};
  api.snapshot_release = [](spw_snapshot* snapshot) { delete snapshot; };
  api.restore = [](spw_backend* backend, const spw_restore_source*, uint32_t, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "restore");
    return SPW_OK;
  };
  api.memory_usage = [](spw_backend* backend, spw_memory_usage*, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "memory_usage");
    return SPW_OK;
  };
  api.memory_set_share = [](spw_backend* backend, uint64_t, spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "memory_set_share");
    return SPW_OK;
  };
  api.metrics = [](spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count,
                   spw_error* err) -> spw_code {
    SCRIPTED_SLOT(backend, "metrics");
    if (capacity > 0) *out = backend->script->metric;
    *count = 1;
    return SPW_OK;
  };
  return api;
}

}  // namespace

Script::Script() {
  for (size_t i = 0; i < sizeof(memory); ++i) memory[i] = static_cast<uint8_t>('a' + i % 26);
  view = {memory, 16, 0, 0};
  mut_view = {memory, 16, 0, 0};
  spw_item item{};
  item.key = plugin::ToBytes("key");
  item.state_namespace = plugin::VoidNamespace();
  item.map_key = plugin::ToBytes("map key");
  item.value = view;
  item.key_group = 1;
  items = {item, item};
  spw_timer timer{};
  timer.timestamp = 10;
  timer.key = plugin::ToBytes("key");
  timer.state_namespace = plugin::VoidNamespace();
  timer.key_group = 1;
  timers = {timer, timer};
  results = {{view, SPW_OK, 0}, {{}, SPW_ABSENT, 0}};
  result = plugin::Sized<spw_snapshot_result>();
}

const spw_plugin_descriptor* ScriptedPlugin() {
  static const spw_backend_api kApi = MakeApi();
  static const spw_plugin_descriptor kDescriptor = [] {
    auto descriptor = plugin::Sized<spw_plugin_descriptor>();
    descriptor.abi_major = SPW_ABI_MAJOR;
    descriptor.abi_minor = SPW_ABI_MINOR;
    descriptor.name = "scripted";
    descriptor.version = "1";
    descriptor.description = "answers what a test tells it to";
    descriptor.api = &kApi;
    descriptor.live_handles = [] { return plugin::LiveHandles::OfPlugin().count(); };
    return descriptor;
  }();
  return &kDescriptor;
}

}  // namespace spillway::debug_proxy_test
