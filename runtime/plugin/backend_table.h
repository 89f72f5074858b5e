// A plugin's backend table without holes, and what each of its slots is.
//
// Plain functions over tables, any thread. A complete table is a copy: it needs nothing of the plugin's own table
// afterwards, only that the plugin stays loaded, which it always does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "spillway/plugin/abi.h"

namespace spillway::runtime {

struct BackendSlot {
  const char* name;
  size_t offset;          // in spw_backend_api
  bool required;          // must be there in every plugin
  uint64_t capabilities;  // must be there when one of these is claimed
};

// All slots, in the order of the table.
[[nodiscard]] std::span<const BackendSlot> BackendSlots();

// Copies what the plugin's table has, up to its struct_size, and fills every absent slot with a stub that answers
// SPW_UNSUPPORTED and names the slot.
[[nodiscard]] spw_backend_api CompleteBackendTable(const spw_backend_api* table);

// Why this table cannot serve a plugin that claims `capabilities`: one sentence that names the missing slots; empty
// when it can.
[[nodiscard]] std::string MissingSlots(const spw_backend_api& table, uint64_t capabilities);

}  // namespace spillway::runtime
