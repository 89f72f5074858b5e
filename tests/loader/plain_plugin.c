/*
 * A plugin in plain C with the required slots and nothing else, from the public header alone. Built several times, with
 * one fault each, by what is defined:
 *   FAULT_MAJOR, FAULT_MINOR   speaks another version
 *   FAULT_NO_SYMBOL            does not export the descriptor
 *   FAULT_V1                   exports the descriptor of the next major version
 *   FAULT_NO_POLL              leaves a required slot out
 *   FAULT_CLAIMS_LISTS         claims a capability and has one of its slots only
 *   FAULT_SHORT_TABLE          has a table that ends before its last slots
 *   FAULT_UNDEFINED            needs a function that nobody has
 */
#include <stdlib.h>
#include <string.h>

#include "spillway/plugin/abi.h"

struct spw_backend {
  int closed;
};

static uint64_t live = 0;

static spw_code Refuse(spw_error* err, spw_code code, const char* message) {
  err->code = code;
  err->message = message;
  return code;
}

static spw_code Open(const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) {
  (void)options;
  (void)host;
  *out = calloc(1, sizeof(**out));
  if (*out == NULL) return Refuse(err, SPW_OUT_OF_MEMORY, "no memory for a backend");
  ++live;
  return SPW_OK;
}

static spw_code BindOwner(spw_backend* backend, spw_error* err) {
  return backend->closed ? Refuse(err, SPW_CLOSED, "the backend is closed") : SPW_OK;
}

static spw_code Close(spw_backend* backend, uint32_t flags, spw_error* err) {
  (void)flags;
  if (backend->closed) return Refuse(err, SPW_CLOSED, "the backend is closed");
  backend->closed = 1;
  return SPW_OK;
}

static void Release(spw_backend* backend) {
  free(backend);
  --live;
}

static spw_code RegisterState(spw_backend* backend, const spw_state_options* options, spw_state** out, spw_error* err) {
  (void)backend;
  (void)options;
  (void)out;
  return Refuse(err, SPW_UNSUPPORTED, "this plugin has no states");
}

static spw_code FindState(spw_backend* backend, const char* name, spw_state** out, spw_error* err) {
  (void)backend;
  (void)name;
  (void)err;
  *out = NULL;
  return SPW_ABSENT;
}

static spw_code StateSchema(spw_state* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out,
                            spw_error* err) {
  (void)state;
  (void)role;
  (void)schema_id;
  (void)out;
  return Refuse(err, SPW_INVALID_ARGUMENT, "there is no such schema");
}

static spw_code StateEntryCount(spw_state* state, uint64_t* out, spw_error* err) {
  (void)state;
  (void)err;
  *out = 0;
  return SPW_OK;
}

static spw_code SetCurrentKey(spw_backend* backend, spw_bytes key, uint32_t key_group, spw_error* err) {
  (void)backend;
  (void)key;
  (void)key_group;
  (void)err;
  return SPW_OK;
}

static spw_code StateClear(spw_state* state, spw_bytes state_namespace, spw_error* err) {
  (void)state;
  (void)state_namespace;
  (void)err;
  return SPW_OK;
}

static void EndRecord(spw_backend* backend) {
  (void)backend;
}

#ifndef FAULT_NO_POLL
static spw_code Poll(spw_backend* backend, spw_completion* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  (void)backend;
  (void)out;
  (void)capacity;
  (void)err;
  *count = 0;
  return SPW_OK;
}
#endif

static spw_code Keys(spw_state* state, spw_bytes state_namespace, spw_iterator** out, spw_error* err) {
  (void)state;
  (void)state_namespace;
  (void)out;
  return Refuse(err, SPW_INVALID_STATE, "this plugin has no states");
}

static spw_code KeysAndNamespaces(spw_state* state, spw_iterator** out, spw_error* err) {
  (void)state;
  (void)out;
  return Refuse(err, SPW_INVALID_STATE, "this plugin has no states");
}

static spw_code Entries(spw_state* state, spw_key_group_range key_groups, spw_iterator** out, spw_error* err) {
  (void)state;
  (void)key_groups;
  (void)out;
  return Refuse(err, SPW_INVALID_STATE, "this plugin has no states");
}

static spw_code IteratorNext(spw_iterator* iterator, spw_item* out, uint32_t capacity, uint32_t* count,
                             spw_error* err) {
  (void)iterator;
  (void)out;
  (void)capacity;
  (void)err;
  *count = 0;
  return SPW_ABSENT;
}

static void IteratorRelease(spw_iterator* iterator) {
  (void)iterator;
}

static spw_code MemoryUsage(spw_backend* backend, spw_memory_usage* out, spw_error* err) {
  const uint32_t struct_size = out->struct_size;
  (void)backend;
  (void)err;
  memset(out, 0, sizeof(*out));
  out->struct_size = struct_size;
  return SPW_OK;
}

static spw_code MemorySetShare(spw_backend* backend, uint64_t bytes, spw_error* err) {
  (void)backend;
  (void)bytes;
  (void)err;
  return SPW_OK;
}

static spw_code Metrics(spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count, spw_error* err) {
  (void)backend;
  (void)out;
  (void)capacity;
  (void)err;
  *count = 0;
  return SPW_OK;
}

#ifdef FAULT_CLAIMS_LISTS
static spw_code ListAppend(spw_state* state, spw_bytes state_namespace, const spw_bytes* elements, uint64_t count,
                           spw_error* err) {
  (void)state;
  (void)state_namespace;
  (void)elements;
  (void)count;
  (void)err;
  return SPW_OK;
}
#endif

static const spw_backend_api api = {
#ifdef FAULT_SHORT_TABLE
    .struct_size = offsetof(spw_backend_api, memory_set_share),
#else
    .struct_size = sizeof(spw_backend_api),
#endif
    .open = Open,
    .bind_owner = BindOwner,
    .close = Close,
    .release = Release,
    .register_state = RegisterState,
    .find_state = FindState,
    .state_schema = StateSchema,
    .state_entry_count = StateEntryCount,
    .set_current_key = SetCurrentKey,
    .state_clear = StateClear,
    .end_record = EndRecord,
#ifndef FAULT_NO_POLL
    .poll = Poll,
#endif
#ifdef FAULT_CLAIMS_LISTS
    .list_append = ListAppend,
#endif
    .keys = Keys,
    .keys_and_namespaces = KeysAndNamespaces,
    .entries = Entries,
    .iterator_next = IteratorNext,
    .iterator_release = IteratorRelease,
    .memory_usage = MemoryUsage,
    .memory_set_share = MemorySetShare,
    .metrics = Metrics,
};

#ifdef FAULT_UNDEFINED
extern uint64_t nobody_has_this_function(void);
#define LIVE_HANDLES nobody_has_this_function
#else
static uint64_t LiveHandles(void) {
  return live;
}
#define LIVE_HANDLES LiveHandles
#endif

static const spw_config_key config_keys[] = {{"plain.size", "bytes", "1MiB", "a size that nobody reads"}};

#if defined(FAULT_NO_SYMBOL)
extern SPW_EXPORT const spw_plugin_descriptor some_other_name;
#define DESCRIPTOR some_other_name
#elif defined(FAULT_V1)
extern SPW_EXPORT const spw_plugin_descriptor spw_plugin_v1;
#define DESCRIPTOR spw_plugin_v1
#else
#define DESCRIPTOR spw_plugin_v0
#endif

SPW_EXPORT const spw_plugin_descriptor DESCRIPTOR = {
    .struct_size = sizeof(spw_plugin_descriptor),
#ifdef FAULT_MAJOR
    .abi_major = SPW_ABI_MAJOR + 3,
#else
    .abi_major = SPW_ABI_MAJOR,
#endif
#ifdef FAULT_MINOR
    .abi_minor = SPW_ABI_MINOR + 1,
#else
    .abi_minor = SPW_ABI_MINOR,
#endif
    .config_key_count = 1,
    .name = "plain",
    .version = "1.2.3",
    .description = "required slots and nothing else",
#ifdef FAULT_CLAIMS_LISTS
    .capabilities = SPW_CAP_LIST,
#endif
    .api = &api,
    .config_keys = config_keys,
    .live_handles = LIVE_HANDLES,
};
