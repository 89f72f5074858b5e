#include "backend/rocksdb/restored_states.h"

#include <algorithm>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/key_encoding.h"

namespace spillway::rocks {
namespace {

using snapshot::SchemaTable;
using snapshot::StateDescriptor;

void AddSchemas(const SchemaTable& from, SchemaTable* to) {
  for (const std::string& schema : from.by_id) {
    if (std::find(to->by_id.begin(), to->by_id.end(), schema) == to->by_id.end()) to->by_id.push_back(schema);
  }
}

// The file's schema ids, as those of the state, which may come from several files.
std::vector<uint32_t> ValueSchemaIds(const StateDescriptor& descriptor, const spw_state& state) {
  const std::vector<std::string>& known = state.description.value_schemas.by_id;
  std::vector<uint32_t> ids;
  for (const std::string& schema : descriptor.value_schemas.by_id) {
    ids.push_back(static_cast<uint32_t>(std::find(known.begin(), known.end(), schema) - known.begin()));
  }
  return ids;
}

}  // namespace

Status RestoredStates::Read(const snapshot::KeyedStateFileReader& reader) {
  std::vector<spw_state*> states;
  std::vector<std::vector<uint32_t>> schema_ids;
  for (const StateDescriptor& descriptor : reader.states()) {
    SPILLWAY_ASSIGN_OR_RETURN(spw_state * state, StateFor(descriptor));
    states.push_back(state);
    schema_ids.push_back(ValueSchemaIds(descriptor, *state));
  }
  for (const snapshot::SectionInfo& info : reader.sections()) {
    if (!backend_->CheckKeyGroup(info.key_group).ok()) continue;  // another instance's
    SPILLWAY_ASSIGN_OR_RETURN(snapshot::SectionCursor section, reader.OpenSection(info.state, info.key_group));
    SPILLWAY_RETURN_IF_ERROR(ReadSection(&section, info.key_group, schema_ids[info.state], states[info.state]));
  }
  return {};
}

Result<spw_state*> RestoredStates::StateFor(const StateDescriptor& descriptor) {
  spw_state* state = backend_->Find(descriptor.name);
  if (state == nullptr) {
    SPILLWAY_ASSIGN_OR_RETURN(state, backend_->MakeState(descriptor, true));
    state->time_to_live->Set(descriptor.ttl_ms, backend_->host.NowMs());
    return state;
  }
  StateDescriptor& known = state->description;
  if (known.kind != descriptor.kind) {
    return Status::InvalidArgument("state '" + descriptor.name + "' is a " + KindName(descriptor.kind) +
                                   " state in one of the snapshots and a " + KindName(known.kind) +
                                   " state in another");
  }
  AddSchemas(descriptor.key_schemas, &known.key_schemas);
  AddSchemas(descriptor.namespace_schemas, &known.namespace_schemas);
  AddSchemas(descriptor.value_schemas, &known.value_schemas);
  AddSchemas(descriptor.map_key_schemas, &known.map_key_schemas);
  return state;
}

Status RestoredStates::ReadSection(snapshot::SectionCursor* section, uint32_t key_group,
                                   const std::vector<uint32_t>& schema_ids, spw_state* state) {
  snapshot::KeyedStateRecord record;
  while (true) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool more, section->Next(&record));
    if (!more) break;
    const uint32_t schema_id = record.schema_id < schema_ids.size() ? schema_ids[record.schema_id] : 0;
    SPILLWAY_RETURN_IF_ERROR(Add(state, key_group, schema_id, record));
  }
  SPILLWAY_RETURN_IF_ERROR(EndList(state));
  return Flush(state);
}

Status RestoredStates::Add(spw_state* state, uint32_t key_group, uint32_t schema_id,
                           const snapshot::KeyedStateRecord& record) {
  rocksdb::ColumnFamilyHandle* family = state->family.get();
  key_.clear();
  if (state->description.kind == SPW_STATE_TIMER) {
    AppendTimer(key_group, record.timestamp, record.key, record.state_namespace, &key_);
    SPILLWAY_RETURN_IF_ERROR(state->Named(batch_.Put(family, key_, rocksdb::Slice()), "write to"));
    return FlushIfFull(state);
  }
  AppendKey(key_group, record.key, &key_);
  AppendFramed(record.state_namespace, &key_);
  const ValueTrailer trailer(schema_id, record.value_is_null, record.timestamp != 0, record.timestamp);
  if (state->description.kind == SPW_STATE_LIST) return AddElement(state, record.value, trailer);
  if (state->description.kind == SPW_STATE_MAP) key_.append(record.map_key);
  const rocksdb::Slice key = ToSlice(key_);
  const rocksdb::Slice parts[] = {ToSlice(record.value), ToSlice(trailer.view())};
  SPILLWAY_RETURN_IF_ERROR(state->Named(batch_.Put(family, {&key, 1}, {parts, 2}), "write to"));
  return FlushIfFull(state);
}

Status RestoredStates::AddElement(spw_state* state, BytesView element, const ValueTrailer& trailer) {
  if (list_key_ != key_ || list_.size() >= backend_->settings.write_batch_bytes) {
    SPILLWAY_RETURN_IF_ERROR(EndList(state));
  }
  list_key_ = key_;
  AppendElement(element, trailer, &list_);
  return {};
}

Status RestoredStates::EndList(spw_state* state) {
  if (list_.empty()) return {};
  SPILLWAY_RETURN_IF_ERROR(state->Named(batch_.Merge(state->family.get(), list_key_, list_), "write to"));
  list_.clear();
  return FlushIfFull(state);
}

Status RestoredStates::FlushIfFull(const spw_state* state) {
  return batch_.GetDataSize() < backend_->settings.write_batch_bytes ? Status() : Flush(state);
}

Status RestoredStates::Flush(const spw_state* state) {
  if (batch_.Count() == 0) return {};
  SPILLWAY_RETURN_IF_ERROR(state->Named(backend_->Write(&batch_), "write to"));
  batch_.Clear();
  return {};
}

}  // namespace spillway::rocks
