// A state of the model: its description, its contents, and the checks that each access begins with.
//
// Belongs to its backend and to the owner thread. `Answer` is what every operation of the model returns: a code that is
// a result, or a Status that says why not; slot.h carries it over the ABI.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/keyed_state_file.h"
#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"
#include "spillway/status.h"
#include "tests/model/contents.h"

struct spw_backend;

namespace spillway::model {

using Answer = Result<spw_code>;

// Of one role: a schema id is an index; the last is what is written now.
using Schemas = std::vector<std::string>;

inline constexpr size_t kSchemaRoles = 4;

struct Description {
  std::string name;
  spw_state_kind kind = 0;
  uint32_t alignment = 1;
  std::array<Schemas, kSchemaRoles> schemas;  // by spw_schema_role

  [[nodiscard]] uint32_t value_schema_id() const { return static_cast<uint32_t>(schemas[SPW_SCHEMA_VALUE].size() - 1); }
};

[[nodiscard]] const char* KindName(spw_state_kind kind);

// What is larger than a snapshot can hold is refused at the door.
[[nodiscard]] Status CheckSize(const char* what, uint64_t size, uint64_t limit);

}  // namespace spillway::model

struct spw_state {
  spw_backend* backend = nullptr;
  spillway::model::Description description;
  spillway::model::Contents contents;
  bool registered = false;  // false: only restored

  // OK when the backend is open, the state registered and of this kind.
  [[nodiscard]] spillway::Status Check(spw_state_kind kind) const;
  // The same for any of the kinds that have keys and namespaces.
  [[nodiscard]] spillway::Status CheckKeyed() const;
  // The place of the current key in this namespace, after Check(kind).
  [[nodiscard]] spillway::Result<spillway::model::PlaceView> CurrentPlace(spw_state_kind kind, spw_bytes ns) const;
  // The place of a key that comes along with the call, after Check(kind).
  [[nodiscard]] spillway::Result<spillway::model::PlaceView> PlaceOf(spw_state_kind kind, spw_bytes key,
                                                                     uint32_t key_group, spw_bytes ns) const;
  // Removes what lies at the place, if anything does; it lives on until the views of it end. One of the maps of
  // contents.
  template <typename Map>
  void Remove(Map* map, const spillway::model::PlaceView& place);
  // The error with the state's name in front.
  [[nodiscard]] spillway::Status Named(const spillway::Status& status) const;
};
