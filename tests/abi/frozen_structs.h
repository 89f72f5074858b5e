/*
 * The frozen structs of abi.h, by size and offset, for 64-bit machines; included by a C11 and by a C++20 source. A
 * change here is a new major version of the ABI.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "spillway/plugin/abi.h"

#define FROZEN_SIZE(type, size) static_assert(sizeof(type) == (size), #type " is frozen")
#define FROZEN_FIELD(type, field, offset) \
  static_assert(offsetof(type, field) == (offset), #type "." #field " is frozen")

static_assert(sizeof(void*) == 8, "these are the offsets of 64-bit machines");

FROZEN_FIELD(spw_bytes, data, 0);
FROZEN_FIELD(spw_bytes, size, 8);
FROZEN_SIZE(spw_bytes, 16);

FROZEN_FIELD(spw_view, data, 0);
FROZEN_FIELD(spw_view, size, 8);
FROZEN_FIELD(spw_view, schema_id, 16);
FROZEN_FIELD(spw_view, flags, 20);
FROZEN_SIZE(spw_view, 24);

FROZEN_FIELD(spw_mut_view, data, 0);
FROZEN_FIELD(spw_mut_view, size, 8);
FROZEN_FIELD(spw_mut_view, schema_id, 16);
FROZEN_FIELD(spw_mut_view, created, 20);
FROZEN_SIZE(spw_mut_view, 24);

FROZEN_FIELD(spw_item, key, 0);
FROZEN_FIELD(spw_item, state_namespace, 16);
FROZEN_FIELD(spw_item, map_key, 32);
FROZEN_FIELD(spw_item, value, 48);
FROZEN_FIELD(spw_item, timestamp, 72);
FROZEN_FIELD(spw_item, key_group, 80);
FROZEN_FIELD(spw_item, reserved, 84);
FROZEN_SIZE(spw_item, 88);

FROZEN_FIELD(spw_timer, timestamp, 0);
FROZEN_FIELD(spw_timer, key, 8);
FROZEN_FIELD(spw_timer, state_namespace, 24);
FROZEN_FIELD(spw_timer, key_group, 40);
FROZEN_FIELD(spw_timer, reserved, 44);
FROZEN_SIZE(spw_timer, 48);

FROZEN_FIELD(spw_key_group_range, first, 0);
FROZEN_FIELD(spw_key_group_range, last, 4);
FROZEN_SIZE(spw_key_group_range, 8);

FROZEN_FIELD(spw_read_completion, token, 0);
FROZEN_FIELD(spw_read_completion, bytes_read, 8);
FROZEN_FIELD(spw_read_completion, code, 16);
FROZEN_FIELD(spw_read_completion, reserved, 20);
FROZEN_SIZE(spw_read_completion, 24);

FROZEN_FIELD(spw_config_entry, key, 0);
FROZEN_FIELD(spw_config_entry, value, 8);
FROZEN_SIZE(spw_config_entry, 16);

FROZEN_FIELD(spw_access, state, 0);
FROZEN_FIELD(spw_access, key, 8);
FROZEN_FIELD(spw_access, state_namespace, 24);
FROZEN_FIELD(spw_access, map_key, 40);
FROZEN_FIELD(spw_access, key_group, 56);
FROZEN_FIELD(spw_access, reserved, 60);
FROZEN_SIZE(spw_access, 64);

FROZEN_FIELD(spw_access_result, value, 0);
FROZEN_FIELD(spw_access_result, code, 24);
FROZEN_FIELD(spw_access_result, reserved, 28);
FROZEN_SIZE(spw_access_result, 32);

FROZEN_FIELD(spw_completion, token, 0);
FROZEN_FIELD(spw_completion, value, 8);
FROZEN_FIELD(spw_completion, code, 32);
FROZEN_FIELD(spw_completion, reserved, 36);
FROZEN_SIZE(spw_completion, 40);

FROZEN_FIELD(spw_file_ref, name, 0);
FROZEN_FIELD(spw_file_ref, size, 8);
FROZEN_SIZE(spw_file_ref, 16);

FROZEN_FIELD(spw_metric, name, 0);
FROZEN_FIELD(spw_metric, help, 8);
FROZEN_FIELD(spw_metric, value, 16);
FROZEN_FIELD(spw_metric, kind, 24);
FROZEN_FIELD(spw_metric, reserved, 28);
FROZEN_SIZE(spw_metric, 32);

FROZEN_FIELD(spw_config_key, name, 0);
FROZEN_FIELD(spw_config_key, type, 8);
FROZEN_FIELD(spw_config_key, default_value, 16);
FROZEN_FIELD(spw_config_key, help, 24);
FROZEN_SIZE(spw_config_key, 32);

/* A descriptor of any version begins so; nothing else of it is known before its version is. */
FROZEN_FIELD(spw_plugin_descriptor, struct_size, 0);
FROZEN_FIELD(spw_plugin_descriptor, abi_major, 4);
FROZEN_FIELD(spw_plugin_descriptor, abi_minor, 8);

/* Structs that may grow say their size first. */
FROZEN_FIELD(spw_error, struct_size, 0);
FROZEN_FIELD(spw_host, struct_size, 0);
FROZEN_FIELD(spw_open_options, struct_size, 0);
FROZEN_FIELD(spw_state_options, struct_size, 0);
FROZEN_FIELD(spw_query, struct_size, 0);
FROZEN_FIELD(spw_snapshot_options, struct_size, 0);
FROZEN_FIELD(spw_snapshot_result, struct_size, 0);
FROZEN_FIELD(spw_restore_source, struct_size, 0);
FROZEN_FIELD(spw_memory_usage, struct_size, 0);
FROZEN_FIELD(spw_backend_api, struct_size, 0);
