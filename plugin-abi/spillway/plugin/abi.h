/*
 * Spillway plugin ABI, version 0: the door between a stream runtime (the host) and a keyed state backend (the plugin).
 *
 * A plugin is a shared library that exports exactly one symbol, the descriptor `spw_plugin_v0`. The host loads it with
 * RTLD_NOW|RTLD_LOCAL, never unloads it, and reaches everything through the tables below. RULES.md beside this header
 * tells why each rule is as it is, and what may change between versions.
 *
 * THREADS. Every slot carries a tag.
 *   [owner-thread]    only the thread that called `bind_owner` last, one per backend instance
 *   [any-thread]      any thread, concurrently with everything else
 *   [snapshot-thread] any one thread at a time per snapshot, concurrently with the owner
 *
 * MEMORY. Who allocates frees; there is no shared malloc. Inputs are borrowed until the call returns. An output is
 * either a view (spw_view, spw_mut_view, spw_item, spw_timer), valid until the owner's next SAFEPOINT, or a struct or
 * handle with a release. Safepoints are: `poll`, `prefetch`, `end_record`, `snapshot_begin`, `restore`, `close`.
 * Between two safepoints nothing that a view shows is moved or freed, so views of several states may be held at once;
 * their bytes change only where the host itself writes the same entry. Items of an iterator live until its next
 * `iterator_next` or the next safepoint, whichever is first; the iterator itself outlives safepoints.
 *
 * ERRORS. A fallible slot returns an spw_code and takes a caller-owned spw_error, never NULL, last. Negative codes are
 * errors; then the error struct is filled (release it) and the state is as it was before. SPW_ABSENT and SPW_PENDING
 * are results. A code that this header does not name is treated as SPW_INTERNAL. No exception and no longjmp crosses.
 *
 * BYTES. Keys, namespaces, map keys and values are flat bytes. data == NULL means null or missing; empty bytes have a
 * non-NULL data and size 0. The void namespace is the empty bytes, which is distinct from a missing one
 * and from every namespace a typed layer writes (those have at least one byte).
 *
 * Structs with `struct_size` first may grow at their end; the others are frozen and asserted by offset in tests/abi.
 * Until 1.0, host and plugin must agree on the exact minor version.
 */
#ifndef SPILLWAY_PLUGIN_ABI_H_
#define SPILLWAY_PLUGIN_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPW_ABI_MAJOR 0u
#define SPW_ABI_MINOR 1u
#define SPW_PLUGIN_SYMBOL "spw_plugin_v0"

/* What the descriptor must be declared with, so that hidden visibility keeps everything else inside the plugin. */
#if defined(__GNUC__)
#define SPW_EXPORT __attribute__((visibility("default")))
#else
#define SPW_EXPORT
#endif

/* -- Results and errors -- */

typedef int32_t spw_code;
enum {
  SPW_OK = 0,
  SPW_ABSENT = 1,  /* there is no such value, entry, element or timer: a result, never an error */
  SPW_PENDING = 2, /* the answer comes later, by `poll` */

  SPW_INVALID_ARGUMENT = -1,
  SPW_INVALID_STATE =
      -2, /* the call is right but not now: no current key, nothing returned to remove, already restored */
  SPW_UNSUPPORTED = -3, /* the plugin does not claim the capability */
  SPW_CLOSED = -4,
  SPW_STATE_MIGRATION = -5, /* a state's kind or serializers do not fit what is there; the message names both */
  SPW_OUT_OF_MEMORY = -6,   /* over the memory share and nothing could be given back */
  SPW_IO_ERROR = -7,
  SPW_NO_SPACE = -8,
  SPW_CORRUPTION = -9,
  SPW_CANCELLED = -10,
  SPW_WRONG_THREAD = -11,
  SPW_VERSION_MISMATCH = -12,
  SPW_TIMED_OUT = -13,
  SPW_NOT_FOUND = -14, /* a named thing (file, state) does not exist; unlike ABSENT, an error */
  SPW_INTERNAL = -15
};

/* Filled by the callee on a negative code. The caller sets struct_size and zeroes the rest once; after use it calls
 * release if that is not NULL, which frees the message and sets message and release to NULL again. */
typedef struct spw_error {
  uint32_t struct_size;
  spw_code code;
  const char* message; /* UTF-8, one sentence: what failed, where, what to do */
  void* private_data;
  void (*release)(struct spw_error* self); /* [any-thread] */
} spw_error;

/* -- Bytes and views -- */

/* Borrowed bytes. Frozen. */
typedef struct spw_bytes {
  const uint8_t* data;
  uint64_t size;
} spw_bytes;

enum { SPW_VIEW_NULL = 1u }; /* the entry is there and its value is null (map values only) */

/* A value as it lies in the backend, aligned as its state registered. Frozen. */
typedef struct spw_view {
  const uint8_t* data;
  uint64_t size;
  uint32_t schema_id; /* of the value serializer it was written with, see state_schema */
  uint32_t flags;     /* SPW_VIEW_*; unknown bits are ignored */
} spw_view;

/* A value that may be written in place, same size, until the next safepoint. Frozen. */
typedef struct spw_mut_view {
  uint8_t* data;
  uint64_t size;
  uint32_t schema_id;
  uint32_t created; /* 1: the entry was absent and has been made, zero-filled */
} spw_mut_view;

/* What iterators return; which fields are set depends on the iterator. Frozen. */
typedef struct spw_item {
  spw_bytes key;
  spw_bytes state_namespace;
  spw_bytes map_key;
  spw_view value;
  int64_t timestamp;
  uint32_t key_group;
  uint32_t reserved;
} spw_item;

/* A timer is the triple (timestamp, key, namespace). Frozen. */
typedef struct spw_timer {
  int64_t timestamp; /* milliseconds since 1970-01-01 UTC, or any other monotone scale the host keeps to */
  spw_bytes key;
  spw_bytes state_namespace;
  uint32_t key_group;
  uint32_t reserved;
} spw_timer;

/* Inclusive on both sides. Frozen. */
typedef struct spw_key_group_range {
  uint32_t first;
  uint32_t last;
} spw_key_group_range;

/* -- Opaque handles -- */

typedef struct spw_backend spw_backend;   /* one instance: one subtask's keyed state; from open to release */
typedef struct spw_state spw_state;       /* a registered state; owned by its backend, valid until its release */
typedef struct spw_iterator spw_iterator; /* released by iterator_release, before its backend is released */
typedef struct spw_snapshot spw_snapshot; /* released by snapshot_release, before its backend is released */

/* -- Host tables -- */

typedef int32_t spw_log_level;
enum { SPW_LOG_DEBUG = 0, SPW_LOG_INFO = 1, SPW_LOG_WARN = 2, SPW_LOG_ERROR = 3 }; /* unknown: treat as INFO */

typedef struct spw_writable spw_writable; /* a file being written to checkpoint storage; commit or abort ends it */
typedef struct spw_readable spw_readable; /* a committed file; storage_close ends it */

enum { SPW_IMPORT_COPIED = 0, SPW_IMPORT_LINKED = 1 };

/* A finished read of storage_submit_read. Frozen. */
typedef struct spw_read_completion {
  uint64_t token;
  uint64_t bytes_read;
  spw_code code;
  uint32_t reserved;
} spw_read_completion;

typedef int32_t spw_schema_role;
enum { SPW_SCHEMA_KEY = 0, SPW_SCHEMA_NAMESPACE = 1, SPW_SCHEMA_VALUE = 2, SPW_SCHEMA_MAP_KEY = 3 };

typedef int32_t spw_schema_compatibility;
enum {
  SPW_SCHEMA_AS_IS = 0,           /* old bytes can be read as new ones */
  SPW_SCHEMA_AFTER_MIGRATION = 1, /* the host converts old bytes when it reads them */
  SPW_SCHEMA_INCOMPATIBLE = 2     /* also what an unknown number means */
};

/*
 * What the host offers. It outlives every backend opened with it. The plugin calls it never under a lock of its own,
 * and the host never calls back into the backend from inside. Absent (NULL) slots are filled by the plugin with stubs
 * that answer SPW_UNSUPPORTED (log and metrics: nothing; time: the system clock; compatibility: INCOMPATIBLE). All
 * slots: [any-thread].
 */
typedef struct spw_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  void* context; /* handed to every slot */

  void (*log)(void* context, spw_log_level level, const char* message);
  /* A sample of a named figure, such as a stall's milliseconds. */
  void (*record_metric)(void* context, const char* name, double value);
  /* Milliseconds since 1970 for time-to-live; tests inject their own clock. */
  int64_t (*now_ms)(void* context);
  /* Asks for a share of the job's memory budget of `bytes`; *granted is the new share, perhaps unchanged. */
  spw_code (*memory_request)(void* context, uint64_t bytes, uint64_t* granted, spw_error* err);
  /* Whether bytes written under `old_schema` can be read under `new_schema`. */
  spw_schema_compatibility (*schema_compatibility)(void* context, const char* state_name, spw_schema_role role,
                                                   spw_bytes old_schema, spw_bytes new_schema);

  /* Checkpoint storage. Names are relative, '/'-separated, made of [A-Za-z0-9._-]; files are immutable once committed,
   * durable after commit returns, and invisible before. They block: on the owner thread only inside `restore` and
   * `restore_savepoint`. */
  spw_code (*storage_create)(void* context, const char* name, spw_writable** out, spw_error* err);
  spw_code (*storage_write)(void* context, spw_writable* file, spw_bytes bytes, spw_error* err);
  spw_code (*storage_commit)(void* context, spw_writable* file, spw_error* err); /* ends the handle, also on error */
  void (*storage_abort)(void* context, spw_writable* file);                      /* ends the handle, leaves nothing */
  spw_code (*storage_open)(void* context, const char* name, spw_readable** out, uint64_t* size, spw_error* err);
  /* Fills `buffer` with exactly `size` bytes or fails (SPW_CORRUPTION beyond the end of the file). */
  spw_code (*storage_read_at)(void* context, spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                              spw_error* err);
  spw_code (*storage_submit_read)(void* context, spw_readable* file, uint64_t offset, uint8_t* buffer, uint64_t size,
                                  uint64_t token, spw_error* err);
  spw_code (*storage_poll_reads)(void* context, spw_read_completion* out, uint32_t capacity, uint32_t* count,
                                 spw_error* err);
  void (*storage_close)(void* context, spw_readable* file);
  spw_code (*storage_delete)(void* context, const char* name, spw_error* err);
  /* Takes a local file into the storage under `name`, by link where possible; *how is SPW_IMPORT_*. */
  spw_code (*storage_import_file)(void* context, const char* local_path, const char* name, int32_t* how,
                                  spw_error* err);
  /* The local path of a stored file into `buffer` (NUL-terminated); SPW_ABSENT when it has none. */
  spw_code (*storage_local_path)(void* context, const char* name, char* buffer, uint64_t capacity, spw_error* err);
} spw_host;

/* -- Open -- */

/* One configuration key and value, both NUL-terminated UTF-8. Frozen. */
typedef struct spw_config_entry {
  const char* key;
  const char* value;
} spw_config_entry;

typedef struct spw_open_options {
  uint32_t struct_size;
  uint32_t max_parallelism;       /* number of key-groups of the job, 1 … 32768 */
  spw_key_group_range key_groups; /* those this instance owns, within 0 … max_parallelism-1 */
  const char* key_group_function; /* by what the host computes key-groups; recorded in snapshots, checked on restore */
  const char* instance;           /* names the instance in logs and file names: [A-Za-z0-9._-]+, unique in the job */
  const char* const* local_dirs;  /* existing directories for local files; the instance makes its own below */
  uint32_t local_dir_count;       /* 0: the backend keeps nothing on local disk */
  uint32_t config_count;
  const spw_config_entry* config; /* keys of the descriptor's config_keys only; others are SPW_INVALID_ARGUMENT */
  uint64_t memory_share_bytes;    /* what the instance may use from the start; 0: no limit */
} spw_open_options;

/* -- States -- */

typedef int32_t spw_state_kind;
enum { SPW_STATE_VALUE = 1, SPW_STATE_LIST = 2, SPW_STATE_MAP = 3, SPW_STATE_TIMER = 4 }; /* unknown: unsupported */

typedef int32_t spw_ttl_update;
enum { SPW_TTL_DISABLED = 0, SPW_TTL_ON_CREATE_AND_WRITE = 1, SPW_TTL_ON_READ_AND_WRITE = 2 };
typedef int32_t spw_ttl_visibility;
enum { SPW_TTL_NEVER_RETURN_EXPIRED = 0, SPW_TTL_RETURN_EXPIRED_UNTIL_CLEANED = 1 };

typedef struct spw_state_options {
  uint32_t struct_size;
  spw_state_kind kind;
  const char* name;   /* UTF-8, not empty, unique in the backend */
  uint32_t alignment; /* that value views must have: 1, 2, 4, 8 or 16 */
  spw_ttl_update ttl_update;
  spw_ttl_visibility ttl_visibility;
  uint32_t reserved;
  int64_t ttl_ms; /* > 0 unless ttl_update is disabled */
  /* Serializer snapshots, opaque to the plugin and stored with the state; empty bytes or NULL where there is none. */
  spw_bytes key_schema;
  spw_bytes namespace_schema;
  spw_bytes value_schema;
  spw_bytes map_key_schema;
} spw_state_options;

/* -- Batches -- */

/* One announced or batched access. Frozen. */
typedef struct spw_access {
  spw_state* state;
  spw_bytes key;
  spw_bytes state_namespace;
  spw_bytes map_key; /* map states only, else {NULL, 0} */
  uint32_t key_group;
  uint32_t reserved;
} spw_access;

/* The answer to one access of a batch. Frozen. */
typedef struct spw_access_result {
  spw_view value;
  spw_code code; /* SPW_OK, SPW_ABSENT, SPW_PENDING or an error */
  uint32_t reserved;
} spw_access_result;

/* The completion of get_async. Frozen. */
typedef struct spw_completion {
  uint64_t token;
  spw_view value;
  spw_code code;
  uint32_t reserved;
} spw_completion;

/* A live query and where its answer goes; copied by query_submit. */
typedef struct spw_query {
  uint32_t struct_size;
  uint32_t key_group;
  const char* state_name;
  spw_bytes key;
  spw_bytes state_namespace;
  spw_bytes map_key;
  void* context;
  /* [owner-thread] Called once, inside `poll` (or inside `close`, with SPW_CLOSED). The value is borrowed until it
   * returns; it must not call the backend. */
  void (*answer)(void* context, spw_code code, const spw_view* value);
} spw_query;

/* -- Snapshots -- */

typedef int32_t spw_snapshot_kind;
enum { SPW_SNAPSHOT_FULL = 1, SPW_SNAPSHOT_INCREMENTAL = 2, SPW_SNAPSHOT_SAVEPOINT = 3 }; /* unknown: unsupported */

typedef struct spw_snapshot_options {
  uint32_t struct_size;
  spw_snapshot_kind kind;
  uint64_t checkpoint_id;  /* grows by checkpoint; handed back in checkpoint_complete and the like */
  const char* name_prefix; /* files of this snapshot are created in the storage under names that start so */
} spw_snapshot_options;

/* A file that a snapshot refers to. Frozen. */
typedef struct spw_file_ref {
  const char* name;
  uint64_t size;
} spw_file_ref;

/* What a snapshot is, from snapshot_run: the host keeps metadata and files together in its own manifest and gives both
 * back to `restore`. Empty metadata and no files when there was no state at all. */
typedef struct spw_snapshot_result {
  uint32_t struct_size;
  uint32_t file_count;
  spw_bytes metadata; /* opaque to the host */
  const spw_file_ref* files;
  uint64_t entries;
  uint64_t bytes; /* written for this snapshot */
  void* private_data;
  void (*release)(struct spw_snapshot_result* self); /* [any-thread] */
} spw_snapshot_result;

/* One snapshot to restore from. Only what intersects the instance's own key-groups is read. */
typedef struct spw_restore_source {
  uint32_t struct_size;
  uint32_t file_count;
  spw_key_group_range key_groups; /* that the snapshot was taken over */
  spw_bytes metadata;
  const spw_file_ref* files;
} spw_restore_source;

/* -- Memory and metrics -- */

/* Bytes by what they serve; `used` is their sum and what the share is compared with. */
typedef struct spw_memory_usage {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t share;
  uint64_t used;
  uint64_t used_peak;
  uint64_t entries; /* nodes with their keys and values, timers included */
  uint64_t index;   /* directories, segments, filters, page indexes */
  uint64_t retired; /* old versions held for views, and views held for the owner's next safepoint */
  uint64_t io;      /* buffers */
  uint64_t slack;   /* taken from the system and free inside the backend's allocator */
} spw_memory_usage;

typedef int32_t spw_metric_kind;
enum { SPW_METRIC_GAUGE = 1, SPW_METRIC_COUNTER = 2 }; /* unknown: ignore the metric */

/* One figure; strings are static in the plugin. Frozen. */
typedef struct spw_metric {
  const char* name; /* Prometheus style, without the host's prefix: "entries_resident" */
  const char* help;
  double value;
  spw_metric_kind kind;
  uint32_t reserved;
} spw_metric;

enum { SPW_CLOSE_KEEP_LOCAL_FILES = 1u };
#define SPW_DO_NOT_CREATE UINT64_MAX

/* -- Backend table -- */

/*
 * What the plugin offers. The loader copies it, up to struct_size, into a complete table of its own and fills every
 * NULL slot with a stub that answers SPW_UNSUPPORTED; callers never test for NULL. Slots marked (required) must be
 * there. The others belong to a capability, named in brackets, and must be there when the descriptor claims it.
 */
typedef struct spw_backend_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* -- Life (required) -- */

  /* [any-thread] Makes an instance, empty and without an owner. `options` is borrowed, `host` is kept until release. */
  spw_code (*open)(const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err);
  /* [any-thread] Makes the calling thread the owner, for good or until called again from another thread while no call
   * of the old owner is under way. */
  spw_code (*bind_owner)(spw_backend* backend, spw_error* err);
  /* [owner-thread; any-thread when no owner was bound] Ends the instance: live snapshots are cancelled and waited for,
   * pending queries are answered SPW_CLOSED, local files are deleted unless flags say SPW_CLOSE_KEEP_LOCAL_FILES. From
   * then on every call on it and on its states, iterators and snapshots answers SPW_CLOSED; closing again is one of
   * them. */
  spw_code (*close)(spw_backend* backend, uint32_t flags, spw_error* err);
  /* [any-thread] Frees the handle of a closed backend (closes it first, dropping errors, if that was not done) and with
   * it the handles of its states. Iterators and snapshots must have been released before. */
  void (*release)(spw_backend* backend);

  /* -- States (required) -- */

  /* [owner-thread] The same name, kind and serializers give the same handle. Another kind, or serializers that the host
   * calls incompatible, is SPW_STATE_MIGRATION and changes nothing. A TTL without [TTL], or a kind without its
   * capability, is SPW_UNSUPPORTED. */
  spw_code (*register_state)(spw_backend* backend, const spw_state_options* options, spw_state** out, spw_error* err);
  /* [owner-thread] The state of that name, registered or only restored; SPW_ABSENT when there is neither. A state that
   * was only restored can be iterated and counted; anything else on it is SPW_INVALID_STATE until it is registered. */
  spw_code (*find_state)(spw_backend* backend, const char* name, spw_state** out, spw_error* err);
  /* [owner-thread] The serializer snapshot that a schema id stands for; the bytes live as long as the state. */
  spw_code (*state_schema)(spw_state* state, spw_schema_role role, uint32_t schema_id, spw_bytes* out, spw_error* err);
  /* [owner-thread] How many (key, namespace) pairs the state holds; of a timer state, how many timers. */
  spw_code (*state_entry_count)(spw_state* state, uint64_t* out, spw_error* err);

  /* [owner-thread] The key, and its key-group as the host computed it, that the calls below work on, until set again.
   * The bytes are copied. A key-group outside the instance's range is SPW_INVALID_ARGUMENT and leaves the current key
   * as it was. */
  spw_code (*set_current_key)(spw_backend* backend, spw_bytes key, uint32_t key_group, spw_error* err);
  /* [owner-thread] Removes whatever the state holds for the current key and this namespace; nothing there is fine.
   * Value, list and map states. */
  spw_code (*state_clear)(spw_state* state, spw_bytes state_namespace, spw_error* err);

  /* -- Safepoints (required) -- */

  /* [owner-thread] Ends the record that was being processed: views end here, nothing else happens. */
  void (*end_record)(spw_backend* backend);
  /* [owner-thread] Does what waits for the owner: answers queries, frees what released views held, gives back
   * memory, and returns up to `capacity` completions of get_async. */
  spw_code (*poll)(spw_backend* backend, spw_completion* out, uint32_t capacity, uint32_t* count, spw_error* err);

  /* -- Value states [VALUE], on the current key -- */

  /* [owner-thread] SPW_OK and the value, or SPW_ABSENT. */
  spw_code (*value_get)(spw_state* state, spw_bytes state_namespace, spw_view* out, spw_error* err);
  /* [owner-thread] The value to be changed in place without changing its size; it counts as written. When absent:
   * SPW_ABSENT if create_size is SPW_DO_NOT_CREATE, else an entry of create_size zero bytes is made. */
  spw_code (*value_get_for_update)(spw_state* state, spw_bytes state_namespace, uint64_t create_size, spw_mut_view* out,
                                   spw_error* err);
  /* [owner-thread] A null value clears. */
  spw_code (*value_put)(spw_state* state, spw_bytes state_namespace, spw_bytes value, spw_error* err);

  /* -- Value states in one call [VALUE]: the key comes along, the current key stays what it was -- */

  /* [owner-thread] */
  spw_code (*value_get_at)(spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes state_namespace,
                           spw_view* out, spw_error* err);
  /* [owner-thread] */
  spw_code (*value_get_for_update_at)(spw_state* state, spw_bytes key, uint32_t key_group, spw_bytes state_namespace,
                                      uint64_t create_size, spw_mut_view* out, spw_error* err);

  /* -- List states [LIST], on the current key -- */

  /* [owner-thread] Adds at the end, in order. count 0 changes nothing and creates nothing. A null element is
   * SPW_INVALID_ARGUMENT and nothing is changed. */
  spw_code (*list_append)(spw_state* state, spw_bytes state_namespace, const spw_bytes* elements, uint64_t count,
                          spw_error* err);
  /* [owner-thread] The list becomes these elements; count 0 clears. */
  spw_code (*list_replace)(spw_state* state, spw_bytes state_namespace, const spw_bytes* elements, uint64_t count,
                           spw_error* err);
  /* [owner-thread] SPW_ABSENT when the list is empty, else an iterator over its elements (item.value), in order, as
   * they were at this call. */
  spw_code (*list_iterate)(spw_state* state, spw_bytes state_namespace, spw_iterator** out, spw_error* err);

  /* -- Map states [MAP], on the current key -- */

  /* [owner-thread] SPW_OK with the value (flags has SPW_VIEW_NULL for a null one) or SPW_ABSENT. A null map key is
   * SPW_INVALID_ARGUMENT, here and below. */
  spw_code (*map_get)(spw_state* state, spw_bytes state_namespace, spw_bytes map_key, spw_view* out, spw_error* err);
  /* [owner-thread] A null value is stored as null. */
  spw_code (*map_put)(spw_state* state, spw_bytes state_namespace, spw_bytes map_key, spw_bytes value, spw_error* err);
  /* [owner-thread] SPW_ABSENT when there was nothing to remove. */
  spw_code (*map_remove)(spw_state* state, spw_bytes state_namespace, spw_bytes map_key, spw_error* err);
  /* [owner-thread] *out is 1 or 0; looks at no more than it must. */
  spw_code (*map_is_empty)(spw_state* state, spw_bytes state_namespace, uint8_t* out, spw_error* err);
  /* [owner-thread] SPW_ABSENT when the map is empty, else an iterator over its entries (item.map_key, item.value) in no
   * particular order. Every entry that is there from begin to end comes once; one put or removed meanwhile may or may
   * not. */
  spw_code (*map_iterate)(spw_state* state, spw_bytes state_namespace, spw_iterator** out, spw_error* err);

  /* -- Merging [MERGE]: list states -- */

  /* [owner-thread] Of the current key: the target holds its own elements and then those of the sources, in the order
   * given; the sources vanish. Any of them may be empty. The target among the sources, or a source twice, is
   * SPW_INVALID_ARGUMENT. */
  spw_code (*merge_namespaces)(spw_state* state, spw_bytes target, const spw_bytes* sources, uint64_t count,
                               spw_error* err);

  /* -- Iteration over a whole state (required) -- */

  /* [owner-thread] Each key with an entry under this namespace, once (item.key, item.key_group), as of this call. The
   * current key may be set, and the visited entries changed or cleared, meanwhile. Value, list and map states. */
  spw_code (*keys)(spw_state* state, spw_bytes state_namespace, spw_iterator** out, spw_error* err);
  /* [owner-thread] Each (key, namespace) pair once, as of this call (item.key, .key_group, .state_namespace). */
  spw_code (*keys_and_namespaces)(spw_state* state, spw_iterator** out, spw_error* err);
  /* [owner-thread] All that the state holds in those key-groups, as of this call: an item for each value, list element
   * (in order within its list), map entry or timer (item.timestamp). Streams: holds no copy of the state. */
  spw_code (*entries)(spw_state* state, spw_key_group_range key_groups, spw_iterator** out, spw_error* err);

  /* [owner-thread] Up to `capacity` items; *count 0 and SPW_ABSENT at the end. */
  spw_code (*iterator_next)(spw_iterator* iterator, spw_item* out, uint32_t capacity, uint32_t* count, spw_error* err);
  /* [owner-thread] [MAP] Removes the index-th item of the last batch from its map. Twice, before the first batch, or on
   * an iterator that is not a map_iterate one: SPW_INVALID_STATE. */
  spw_code (*iterator_remove)(spw_iterator* iterator, uint32_t index, spw_error* err);
  /* [owner-thread] [MAP] Gives the index-th item of the last batch another value; as iterator_remove otherwise. */
  spw_code (*iterator_replace)(spw_iterator* iterator, uint32_t index, spw_bytes value, spw_error* err);
  /* [owner-thread; any-thread after close] */
  void (*iterator_release)(spw_iterator* iterator);

  /* -- Timers [TIMER]: timer states, a set over (timestamp, key, namespace); independent of the current key -- */

  /* [owner-thread] Adds those that are not there yet; *head_changed is 1 when the earliest timer of the state is
   * another than before. */
  spw_code (*timer_add)(spw_state* state, const spw_timer* timers, uint64_t count, uint8_t* head_changed,
                        spw_error* err);
  /* [owner-thread] SPW_ABSENT when it is not there. */
  spw_code (*timer_remove)(spw_state* state, const spw_timer* timer, uint8_t* head_changed, spw_error* err);
  /* [owner-thread] The earliest, or SPW_ABSENT. Equal timestamps come in any order that does not change. */
  spw_code (*timer_peek)(spw_state* state, spw_timer* out, spw_error* err);
  /* [owner-thread] Removes and returns up to `capacity` timers with timestamp <= up_to, in time order; *count 0 and
   * SPW_ABSENT when none is due. The returned bytes are views. */
  spw_code (*timer_poll_due)(spw_state* state, int64_t up_to, spw_timer* out, uint32_t capacity, uint32_t* count,
                             spw_error* err);

  /* -- Batches [PREFETCH] [BATCH] [ASYNC_GET] -- */

  /* [owner-thread] [PREFETCH] Announces accesses. A safepoint. What is resident is brought near; what is cold begins to
   * load. */
  spw_code (*prefetch)(spw_backend* backend, const spw_access* accesses, uint32_t count, spw_error* err);
  /* [owner-thread] [BATCH] Reads value or map entries; out[i] answers accesses[i]. */
  spw_code (*get_many)(spw_backend* backend, const spw_access* accesses, uint32_t count, spw_access_result* out,
                       spw_error* err);
  /* [owner-thread] [BATCH] Writes value or map entries; values[i] goes where accesses[i] says. */
  spw_code (*put_many)(spw_backend* backend, const spw_access* accesses, const spw_bytes* values, uint32_t count,
                       spw_error* err);
  /* [owner-thread] [ASYNC_GET] SPW_PENDING and later a completion with this token, or SPW_OK / SPW_ABSENT at once. */
  spw_code (*get_async)(spw_backend* backend, const spw_access* access, uint64_t token, spw_view* out, spw_error* err);
  /* [owner-thread] [ASYNC_GET] Waits for a completion, a query or a request for memory; SPW_TIMED_OUT is not an error
   * here: no message. */
  spw_code (*wait)(spw_backend* backend, uint64_t timeout_us, spw_error* err);
  /* [owner-thread] [ASYNC_GET] A descriptor that is readable when `poll` has something to do; owned by the backend. */
  spw_code (*event_descriptor)(spw_backend* backend, int32_t* out, spw_error* err);

  /* -- Live queries [QUERY] -- */

  /* [any-thread] The value after the last record that ended before the answering poll. Never disturbs the current key.
   */
  spw_code (*query_submit)(spw_backend* backend, const spw_query* query, spw_error* err);

  /* -- Snapshots [SNAPSHOT_FULL] [SNAPSHOT_INCREMENTAL] [SAVEPOINT] -- */

  /* [owner-thread] Pins the state as it is now. O(key-groups); a safepoint. Several may be live. */
  spw_code (*snapshot_begin)(spw_backend* backend, const spw_snapshot_options* options, spw_snapshot** out,
                             spw_error* err);
  /* [snapshot-thread] Writes it to the host's storage, once. On error or cancellation the files it made are gone. */
  spw_code (*snapshot_run)(spw_snapshot* snapshot, spw_snapshot_result* out, spw_error* err);
  /* [any-thread] A run under way returns SPW_CANCELLED soon; one not begun will. */
  void (*snapshot_cancel)(spw_snapshot* snapshot);
  /* [any-thread] Not while snapshot_run is under way. What it pinned is freed at the owner's next safepoints. */
  void (*snapshot_release)(spw_snapshot* snapshot);
  /* [owner-thread] [SNAPSHOT_FULL] [SNAPSHOT_INCREMENTAL] The checkpoint as a whole is durable / was given up / is no
   * longer retained. Late or missing notices cost space, never correctness. */
  spw_code (*checkpoint_complete)(spw_backend* backend, uint64_t checkpoint_id, spw_error* err);
  spw_code (*checkpoint_aborted)(spw_backend* backend, uint64_t checkpoint_id, spw_error* err);
  spw_code (*checkpoint_subsumed)(spw_backend* backend, uint64_t checkpoint_id, spw_error* err);
  /* [owner-thread] [SNAPSHOT_FULL] [SNAPSHOT_INCREMENTAL] Takes over, from each source, what lies in the instance's
   * key-groups. Only once, before any state is registered; on error the instance is empty as before. Sources whose
   * key-groups overlap inside the instance's range, or with another key_group_function or max_parallelism, are
   * SPW_INVALID_ARGUMENT. */
  spw_code (*restore)(spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err);
  /* [owner-thread] [SAVEPOINT] The same from canonical savepoints of any backend. */
  spw_code (*restore_savepoint)(spw_backend* backend, const spw_restore_source* sources, uint32_t count,
                                spw_error* err);

  /* -- Memory and metrics -- */

  /* [any-thread] (required) */
  spw_code (*memory_usage)(spw_backend* backend, spw_memory_usage* out, spw_error* err);
  /* [any-thread] (required) The share from now on; over it, writes that need memory answer SPW_OUT_OF_MEMORY unless
   * [SPILL]. */
  spw_code (*memory_set_share)(spw_backend* backend, uint64_t bytes, spw_error* err);
  /* [any-thread] [SPILL] Asks to give back so many bytes at the next safepoints. */
  spw_code (*memory_reclaim)(spw_backend* backend, uint64_t bytes, spw_error* err);
  /* [any-thread] (required) Up to `capacity` figures; *count is how many there are in all. */
  spw_code (*metrics)(spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count, spw_error* err);
} spw_backend_api;

/* -- Descriptor -- */

/* What a plugin can do; a bit promises semantics, never that a slot exists. Unknown bits are ignored. */
#define SPW_CAP_VALUE (UINT64_C(1) << 0)
#define SPW_CAP_LIST (UINT64_C(1) << 1)
#define SPW_CAP_MAP (UINT64_C(1) << 2)
#define SPW_CAP_TIMER (UINT64_C(1) << 3)
#define SPW_CAP_MERGE (UINT64_C(1) << 4)
#define SPW_CAP_TTL (UINT64_C(1) << 5)
#define SPW_CAP_SNAPSHOT_FULL (UINT64_C(1) << 6) /* with restore at any key-group range */
#define SPW_CAP_SNAPSHOT_INCREMENTAL (UINT64_C(1) << 7)
#define SPW_CAP_SAVEPOINT (UINT64_C(1) << 8) /* canonical: write, and restore_savepoint */
#define SPW_CAP_PREFETCH (UINT64_C(1) << 9)
#define SPW_CAP_BATCH (UINT64_C(1) << 10)     /* get_many, put_many */
#define SPW_CAP_ASYNC_GET (UINT64_C(1) << 11) /* get_async, wait, event_descriptor */
#define SPW_CAP_QUERY (UINT64_C(1) << 12)
#define SPW_CAP_SPILL (UINT64_C(1) << 13) /* state may exceed the memory share */

/* A configuration key that the plugin understands, for the host to check and explain. Strings are static. Frozen. */
typedef struct spw_config_key {
  const char* name;
  const char* type; /* "bytes", "duration", "ratio", "int", "bool", "string", or "a|b|c" for one of these words */
  const char* default_value;
  const char* help;
} spw_config_key;

typedef struct spw_plugin_descriptor {
  uint32_t struct_size;
  uint32_t abi_major; /* these three never move, in any version */
  uint32_t abi_minor;
  uint32_t config_key_count;
  const char* name;    /* by which configuration names the backend: "hybrid" */
  const char* version; /* of the plugin: "0.1.0" */
  const char* description;
  uint64_t capabilities; /* SPW_CAP_* */
  const spw_backend_api* api;
  const spw_config_key* config_keys;
  /* [any-thread] Handles that exist in this process: backends, iterators, snapshots, snapshot results, errors with a
   * message. 0 when everything was released. */
  uint64_t (*live_handles)(void);
} spw_plugin_descriptor;

/* The one exported symbol. */
extern SPW_EXPORT const spw_plugin_descriptor spw_plugin_v0;

#ifdef __cplusplus
}
#endif

#endif /* SPILLWAY_PLUGIN_ABI_H_ */
