#include "backend/hybrid/section_loader.h"

#include <optional>

#include "backend/hybrid/list_state.h"
#include "backend/hybrid/map_state.h"
#include "backend/hybrid/refusal.h"
#include "backend/hybrid/timer_state.h"
#include "backend/hybrid/value_state.h"
#include "backend/hybrid/with_room.h"

namespace spillway::hybrid {
namespace {

constexpr uint64_t kGatheredBytesMax = 64 * 1024;
constexpr size_t kGatheredElementsMax = 4096;
constexpr uint64_t kRecordsPerSafepoint = 256;

// Never null, as bytes of the table are.
BytesView NotNull(BytesView bytes) {
  return bytes.data() == nullptr ? BytesView("", 0) : bytes;
}

}  // namespace

SectionLoader::SectionLoader(State* state, uint32_t key_group, std::vector<uint32_t> schema_ids)
    : state_(state), instance_(state->instance()), key_group_(key_group), schema_ids_(std::move(schema_ids)) {}

Status SectionLoader::Load(snapshot::SectionCursor* cursor) {
  snapshot::KeyedStateRecord record;
  while (true) {
    SPILLWAY_ASSIGN_OR_RETURN(const bool more, cursor->Next(&record));
    if (!more) break;
    SPILLWAY_RETURN_IF_ERROR(Put(record));
    // Nothing of what is being restored is seen by the host yet, so that any moment is a safepoint.
    if (++records_ % kRecordsPerSafepoint == 0) instance_->Safepoint(kRecordsPerSafepoint);
  }
  return AppendGathered();
}

Status SectionLoader::Checked(spw_code code) const {
  return code == SPW_OUT_OF_MEMORY ? OverShare(*state_) : code < 0 ? instance_->TakeFailure() : Status();
}

Status SectionLoader::Put(const snapshot::KeyedStateRecord& record) {
  if (state_->kind() == SPW_STATE_TIMER) return AddTimer(record);
  // A state may have no value serializer, and then no schema table: all is of id 0.
  uint32_t schema_id = record.schema_id;
  if (!schema_ids_.empty()) {
    if (schema_id >= schema_ids_.size()) {
      return Status::Corruption("state '" + state_->name() + "' has a value of the unknown schema " +
                                std::to_string(schema_id));
    }
    schema_id = schema_ids_[schema_id];
  }
  if (state_->kind() == SPW_STATE_LIST) return Gather(record, schema_id);
  const EntryAddress address = instance_->AddressOf(NotNull(record.key), key_group_, NotNull(record.state_namespace));
  if (state_->kind() == SPW_STATE_VALUE) {
    return Checked(
        WithRoom(*state_, [&] { return PutValueOfSchema(state_, address, NotNull(record.value), schema_id); }));
  }
  std::optional<BytesView> value;
  if (!record.value_is_null) value = NotNull(record.value);
  return Checked(WithRoom(
      *state_, [&] { return PutMapEntryOfSchema(state_, address, NotNull(record.map_key), value, schema_id); }));
}

Status SectionLoader::Gather(const snapshot::KeyedStateRecord& record, uint32_t schema_id) {
  if (!element_ends_.empty() &&
      (record.key != list_key_ || record.state_namespace != list_namespace_ || schema_id != list_schema_ ||
       element_bytes_.size() + record.value.size() > kGatheredBytesMax ||
       element_ends_.size() >= kGatheredElementsMax)) {
    SPILLWAY_RETURN_IF_ERROR(AppendGathered());
  }
  if (element_ends_.empty()) {
    list_key_ = record.key;
    list_namespace_ = record.state_namespace;
    list_schema_ = schema_id;
  }
  element_bytes_ += record.value;
  element_ends_.push_back(element_bytes_.size());
  return {};
}

Status SectionLoader::AppendGathered() {
  if (element_ends_.empty()) return {};
  std::vector<spw_bytes> elements;
  elements.reserve(element_ends_.size());
  uint64_t begin = 0;
  for (const uint64_t end : element_ends_) {
    elements.push_back({reinterpret_cast<const uint8_t*>(element_bytes_.data()) + begin, end - begin});
    begin = end;
  }
  const EntryAddress address = instance_->AddressOf(list_key_, key_group_, list_namespace_);
  const Status status =
      Checked(WithRoom(*state_, [&] { return AppendToListOfSchema(state_, address, elements, list_schema_); }));
  element_bytes_.clear();
  element_ends_.clear();
  return status;
}

Status SectionLoader::AddTimer(const snapshot::KeyedStateRecord& record) {
  const BytesView key = NotNull(record.key);
  const BytesView state_namespace = NotNull(record.state_namespace);
  const spw_timer timer{record.timestamp,
                        {reinterpret_cast<const uint8_t*>(key.data()), key.size()},
                        {reinterpret_cast<const uint8_t*>(state_namespace.data()), state_namespace.size()},
                        key_group_,
                        0};
  return Checked(WithRoom(*state_, [&] { return AddTimers(state_, {&timer, 1}); }));
}

}  // namespace spillway::hybrid
