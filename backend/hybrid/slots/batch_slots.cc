// Batches: announced, read and written together.
#include <optional>
#include <span>
#include <string>

#include "backend/hybrid/cold_prefetch.h"
#include "backend/hybrid/group_prefetch.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/resident.h"
#include "backend/hybrid/slots/slot.h"
#include "backend/hybrid/value_state.h"

namespace spillway::hybrid {
namespace {

constexpr uint64_t kReclaimStepsAtPrefetch = 256;

using Accesses = std::span<const spw_access>;

EntryAddress AddressOf(const Instance& instance, const spw_access& access) {
  return instance.AddressOf(plugin::ToStringView(access.key), access.key_group,
                            plugin::ToStringView(access.state_namespace));
}

// Of accesses that only announce, lists are in order, too, and a map's entry need not be named.
Status CheckAccess(const Instance& instance, const spw_access& access, bool announces) {
  if (access.state == nullptr) return Status::InvalidArgument("an access of a batch has no state");
  const State& state = *Behind(access.state);
  if (state.instance() != &instance) return NamedError(state, StatusCode::kInvalidArgument, "is of another instance");
  SPILLWAY_RETURN_IF_ERROR(CheckState(state, state.kind()));
  if (!instance.Owns(access.key_group)) return KeyGroupError(instance, access.key_group);
  SPILLWAY_RETURN_IF_ERROR(CheckBytes(state, access.key, snapshot::kKeyBytesMax, "key"));
  SPILLWAY_RETURN_IF_ERROR(CheckBytes(state, access.state_namespace, snapshot::kNamespaceBytesMax, "namespace"));
  if (state.kind() == SPW_STATE_MAP && (!announces || access.map_key.data != nullptr)) {
    return CheckBytes(state, access.map_key, snapshot::kMapKeyBytesMax, "map key");
  }
  if (state.kind() == SPW_STATE_VALUE || (announces && state.kind() != SPW_STATE_TIMER)) return {};
  return state.kind() == SPW_STATE_MAP ? Status()
                                       : NamedError(state, StatusCode::kInvalidArgument,
                                                    "cannot be in this batch: its kind has no single values");
}

Status CheckAccesses(const Instance& instance, const spw_access* accesses, uint32_t count, bool announces) {
  if (count > 0 && accesses == nullptr) return Status::InvalidArgument("a batch was given null accesses");
  for (const spw_access& access : Accesses(accesses, count)) {
    SPILLWAY_RETURN_IF_ERROR(CheckAccess(instance, access, announces));
  }
  return {};
}

void GetOne(const Instance& instance, const spw_access& access, spw_access_result* out) {
  *out = spw_access_result{};
  State* state = Behind(access.state);
  const EntryAddress address = AddressOf(instance, access);
  out->code = state->kind() == SPW_STATE_VALUE
                  ? GetValue(state, address, &out->value)
                  : GetMapEntry(state, address, plugin::ToStringView(access.map_key), &out->value);
}

// Whether a write of `value` into the entry `node` changes its bytes where they are.
bool IsInPlace(const State& state, const Versions& versions, const Node* node, const spw_bytes& value) {
  if (node == nullptr || versions.IsFrozen(StructureVersionOf(node))) return false;
  const NodeSizes sizes = SizesOf(node);
  const bool null = value.data == nullptr;
  return !sizes.tombstone && sizes.null == null && sizes.value == (null ? 0 : value.size) &&
         sizes.schema_id == state.value_schema();
}

// What is asked for before the write of one entry. Nothing for what must go on at any share: removals, and overwrites
// in place. Else ample for a node and, under a view, for copies of what usually leads there. It is no bound: the chain
// to copy may be longer, memory is taken in whole pages, and an entry that the batch names twice is looked at as it was
// before the batch; so much the batch may go beyond the share.
uint64_t WantedFor(const Instance& instance, const spw_access& access, const spw_bytes& value) {
  const State& state = *Behind(access.state);
  const EntryAddress address = AddressOf(instance, access);
  const KeyGroupTable& table = state.table(address.group);
  const bool is_map = state.kind() == SPW_STATE_MAP;
  if (!is_map && value.data == nullptr) return 0;
  const Node* found = FindNode(&table.root.word, address.probe);
  if (is_map && found != nullptr) {
    const bool is_private = !table.versions.IsFrozen(StructureVersionOf(found));
    const MapHeader header = MapHeaderOf(found);
    found = is_private ? FindNode(&header.entries.word, MapProbe(plugin::ToStringView(access.map_key))) : nullptr;
  }
  if (IsInPlace(state, table.versions, found, value)) return 0;
  const uint64_t node = sizeof(Node) + sizeof(WideSizes) + access.key.size + access.state_namespace.size +
                        access.map_key.size + value.size + sizeof(MapHeader) + 2 * kObjectAlignment;
  const uint64_t copies = table.versions.HasViews() ? SegmentBytes(kFullSegment) + 4 * AllocatedBytes(node) : 0;
  return 2 * AllocatedBytes(node) + copies;
}

void PutOne(const Instance& instance, const spw_access& access, const spw_bytes& value) {
  State* state = Behind(access.state);
  const EntryAddress address = AddressOf(instance, access);
  std::optional<BytesView> bytes;
  if (value.data != nullptr) bytes = plugin::ToStringView(value);
  // With overdraft neither is refused: the memory was asked for before.
  if (state->kind() == SPW_STATE_MAP) {
    (void)PutMapEntryOfSchema(state, address, plugin::ToStringView(access.map_key), bytes, state->value_schema(),
                              Charge::kOverdraft);
  } else if (bytes) {
    (void)PutValueOfSchema(state, address, *bytes, state->value_schema(), Charge::kOverdraft);
  } else {
    ClearEntry(state, address);
  }
}

// The headers of the maps of a batch that are on disk: what cannot be read is known before anything is written.
spw_code LoadMaps(const Instance& instance, Accesses accesses) {
  for (const spw_access& access : accesses) {
    State* state = Behind(access.state);
    if (state->kind() != SPW_STATE_MAP) continue;
    spw_code code = SPW_OK;
    Node* map = ResidentMap(state, AddressOf(instance, access), &code);
    if (code != SPW_OK) return code;
    if (map != nullptr) state->instance()->NoteShownCollection(map);  // so that it stays while the others come in
  }
  return SPW_OK;
}

spw_code PutMany(Instance* instance, const spw_access* accesses, const spw_bytes* values, uint32_t count,
                 spw_error* err) {
  if (Status status = CheckAccesses(*instance, accesses, count, false); !status.ok()) return Answer(status, err);
  if (count > 0 && values == nullptr) {
    return Answer(Status::InvalidArgument("put_many was given null values"), err);
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (values[i].data != nullptr && values[i].size > snapshot::kValueBytesMax) {
      return Answer(CheckBytes(*Behind(accesses[i].state), values[i], snapshot::kValueBytesMax, "value"), err);
    }
  }
  if (const spw_code code = LoadMaps(*instance, Accesses(accesses, count)); code != SPW_OK) {
    return AnswerAccess(*Behind(accesses[0].state), code, err);
  }
  PrefetchGroup(*instance, Accesses(accesses, count));
  uint64_t wanted = 0;
  for (uint32_t i = 0; i < count; ++i) wanted += WantedFor(*instance, accesses[i], values[i]);
  // All or nothing: either the whole batch fits, or nothing is begun.
  const spw_code room = WithRoom(instance, [&]() -> spw_code {
    return wanted == 0 || instance->heap().CanTake(wanted) ? SPW_OK : SPW_OUT_OF_MEMORY;
  });
  if (room != SPW_OK) return AnswerAccess(*Behind(accesses[0].state), room, err);
  for (uint32_t i = 0; i < count; ++i) PutOne(*instance, accesses[i], values[i]);
  return SPW_OK;
}

}  // namespace

void FillBatchSlots(spw_backend_api* api) {
  api->prefetch = [](spw_backend* backend, const spw_access* accesses, uint32_t count, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) {
      instance->Safepoint(0);
      Status status = CheckAccesses(*instance, accesses, count, true);
      if (status.ok()) status = PrefetchCold(instance, Accesses(accesses, count));
      if (status.ok()) PrefetchGroup(*instance, Accesses(accesses, count));
      // Only now: the keys may be views of what is freed here.
      instance->FreeMemory(kReclaimStepsAtPrefetch);
      return Answer(status, err);
    });
  };
  api->get_many = [](spw_backend* backend, const spw_access* accesses, uint32_t count, spw_access_result* out,
                     spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) {
      if (Status status = CheckAccesses(*instance, accesses, count, false); !status.ok()) return Answer(status, err);
      // What cannot be read is told by the results.
      (void)PrefetchCold(instance, Accesses(accesses, count));
      PrefetchGroup(*instance, Accesses(accesses, count));
      for (uint32_t i = 0; i < count; ++i) GetOne(*instance, accesses[i], &out[i]);
      (void)instance->TakeFailure();  // each result has its code
      return spw_code{SPW_OK};
    });
  };
  api->put_many = [](spw_backend* backend, const spw_access* accesses, const spw_bytes* values, uint32_t count,
                     spw_error* err) noexcept {
    return OnInstance(backend, err,
                      [&](Instance* instance) { return PutMany(instance, accesses, values, count, err); });
  };
}

}  // namespace spillway::hybrid
