// Restoring from snapshots of any ranges of key-groups.
#include <algorithm>
#include <memory>
#include <span>

#include "snapshot/host_storage.h"
#include "snapshot/keyed_state_file.h"
#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

using snapshot::KeyedStateFileReader;
using snapshot::KeyedStateRecord;

// Gathers states beside the backend, so that a failure leaves it as it was; gives back what it has taken unless done.
class Restoring {
 public:
  explicit Restoring(spw_backend* backend) : backend_(backend), storage_(snapshot::MakeHostStorage(backend->host)) {}
  ~Restoring() { backend_->account.GiveBack(Purpose::kEntries, taken_); }

  Status Read(const spw_restore_source& source) {
    for (const spw_file_ref& ref : std::span(source.files, source.file_count))
      SPILLWAY_RETURN_IF_ERROR(ReadFile(ref.name));
    return {};
  }
  void Finish() {
    taken_ = 0;
    backend_->states = std::move(states_);
    backend_->restored = true;
  }

 private:
  Status ReadFile(const std::string& name) {
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<snapshot::ReadableFile> file, storage_->Open(name));
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateFileReader> reader,
                              KeyedStateFileReader::Open(file.get()));
    const snapshot::KeyedStateFileHeader& header = reader->header();
    if (header.max_parallelism != backend_->max_parallelism ||
        header.key_group_function != backend_->key_group_function) {
      return Status::InvalidArgument("file '" + name + "' was written with " + std::to_string(header.max_parallelism) +
                                     " key-groups by function '" + header.key_group_function + "', this job has " +
                                     std::to_string(backend_->max_parallelism) + " by '" +
                                     backend_->key_group_function + "'");
    }
    const uint32_t first = std::max(header.key_groups.first, backend_->key_groups.first);
    const uint32_t last = std::min(header.key_groups.last, backend_->key_groups.last);
    for (uint32_t index = 0; index < reader->states().size(); ++index) {
      SPILLWAY_ASSIGN_OR_RETURN(spw_state * state, StateFor(reader->states()[index]));
      const std::vector<uint32_t> ids = ValueSchemaIds(reader->states()[index], state);
      for (uint32_t group = first; group <= last; ++group) {
        SPILLWAY_ASSIGN_OR_RETURN(snapshot::SectionCursor section, reader->OpenSection(index, group));
        SPILLWAY_RETURN_IF_ERROR(ReadSection(&section, group, ids, state));
      }
    }
    return {};
  }

  Result<spw_state*> StateFor(const snapshot::StateDescriptor& descriptor) {
    std::unique_ptr<spw_state>& state = states_[descriptor.name];
    if (!state) {
      state = std::make_unique<spw_state>();
      state->backend = backend_;
      state->description.name = descriptor.name;
      state->description.kind = descriptor.kind;
      state->description.alignment = descriptor.alignment;
    }
    if (state->description.kind != descriptor.kind) {
      return Status::InvalidArgument("state '" + descriptor.name + "' is a " + KindName(descriptor.kind) +
                                     " state in one of the snapshots and a " + KindName(state->description.kind) +
                                     " state in another");
    }
    AddSchemas(descriptor.key_schemas, &state->description.schemas[SPW_SCHEMA_KEY]);
    AddSchemas(descriptor.namespace_schemas, &state->description.schemas[SPW_SCHEMA_NAMESPACE]);
    AddSchemas(descriptor.value_schemas, &state->description.schemas[SPW_SCHEMA_VALUE]);
    AddSchemas(descriptor.map_key_schemas, &state->description.schemas[SPW_SCHEMA_MAP_KEY]);
    return state.get();
  }

  static void AddSchemas(const snapshot::SchemaTable& table, Schemas* schemas) {
    for (const std::string& schema : table.by_id) {
      if (std::find(schemas->begin(), schemas->end(), schema) == schemas->end()) schemas->push_back(schema);
    }
  }
  // The file's schema ids, as those of the state, which may come from several files.
  static std::vector<uint32_t> ValueSchemaIds(const snapshot::StateDescriptor& descriptor, const spw_state* state) {
    const Schemas& schemas = state->description.schemas[SPW_SCHEMA_VALUE];
    std::vector<uint32_t> ids;
    for (const std::string& schema : descriptor.value_schemas.by_id) {
      ids.push_back(static_cast<uint32_t>(std::find(schemas.begin(), schemas.end(), schema) - schemas.begin()));
    }
    return ids;
  }

  Status ReadSection(snapshot::SectionCursor* section, uint32_t key_group, const std::vector<uint32_t>& ids,
                     spw_state* state) {
    KeyedStateRecord record;
    for (;;) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, section->Next(&record));
      if (!more) return {};
      Stored stored;
      if (!record.value_is_null) stored.bytes = StoredBytes(plugin::ToBytes(std::string(record.value)));
      stored.schema_id = record.schema_id < ids.size() ? ids[record.schema_id] : 0;
      SPILLWAY_RETURN_IF_ERROR(Add(record, {key_group, record.key, record.state_namespace}, std::move(stored), state));
    }
  }

  Status Add(const KeyedStateRecord& record, const PlaceView& place, Stored stored, spw_state* state) {
    Contents& contents = state->contents;
    switch (state->description.kind) {
      case SPW_STATE_VALUE:
        SPILLWAY_RETURN_IF_ERROR(Take(CostOf(place) + CostOf(stored)));
        contents.values.insert_or_assign(Place(place), std::move(stored));
        return {};
      case SPW_STATE_LIST:
        SPILLWAY_RETURN_IF_ERROR(Take(CostOf(stored) + (contents.lists.contains(place) ? 0 : CostOf(place))));
        contents.lists[Place(place)].push_back(std::move(stored));
        return {};
      case SPW_STATE_MAP:
        SPILLWAY_RETURN_IF_ERROR(Take(CostOfMapEntry(record.map_key, stored.bytes.size()) +
                                      (contents.maps.contains(place) ? 0 : CostOf(place))));
        contents.maps[Place(place)].insert_or_assign(std::string(record.map_key), std::move(stored));
        return {};
      default:
        SPILLWAY_RETURN_IF_ERROR(Take(CostOf(TimerView{record.timestamp, place})));
        contents.timers.insert(Timer({record.timestamp, place}));
        return {};
    }
  }

  Status Take(uint64_t cost) {
    SPILLWAY_RETURN_IF_ERROR(backend_->account.Take(Purpose::kEntries, cost));
    taken_ += cost;
    return {};
  }

  spw_backend* const backend_;
  const std::unique_ptr<snapshot::CheckpointStorage> storage_;
  std::unordered_map<std::string, std::unique_ptr<spw_state>> states_;
  uint64_t taken_ = 0;
};

// Each key-group of the instance must come from one source.
Status CheckOverlaps(const spw_backend& backend, std::span<const spw_restore_source> sources) {
  std::vector<bool> seen(backend.max_parallelism, false);
  for (const spw_restore_source& source : sources) {
    const uint32_t last = std::min(source.key_groups.last, backend.key_groups.last);
    for (uint32_t group = std::max(source.key_groups.first, backend.key_groups.first); group <= last; ++group) {
      if (seen[group]) {
        return Status::InvalidArgument("key-group " + std::to_string(group) +
                                       " is in two of the snapshots to restore from");
      }
      seen[group] = true;
    }
  }
  return {};
}

Answer Restore(spw_backend* backend, std::span<const spw_restore_source> sources) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  backend->Safepoint();
  if (backend->restored) return Status::InvalidState("the instance was restored already; open a new one");
  if (!backend->states.empty()) return Status::InvalidState("states are registered already; restore before that");
  SPILLWAY_RETURN_IF_ERROR(CheckOverlaps(*backend, sources));
  Restoring restoring(backend);
  for (const spw_restore_source& source : sources) SPILLWAY_RETURN_IF_ERROR(restoring.Read(source));
  restoring.Finish();
  return SPW_OK;
}

}  // namespace

void FillRestoreSlots(spw_backend_api* api) {
  api->restore = [](spw_backend* backend, const spw_restore_source* sources, uint32_t count, spw_error* err) noexcept {
    return Slot(err, [&] { return Restore(backend, std::span(sources, count)); });
  };
}

}  // namespace spillway::model
