#include "backend/rocksdb/state.h"

#include <string>

#include "backend/rocksdb/backend.h"
#include "backend/rocksdb/key_encoding.h"
#include "backend/rocksdb/status_mapping.h"

namespace spillway::rocks {

const char* KindName(spw_state_kind kind) {
  switch (kind) {
    case SPW_STATE_VALUE:
      return "value";
    case SPW_STATE_LIST:
      return "list";
    case SPW_STATE_MAP:
      return "map";
    case SPW_STATE_TIMER:
      return "timer";
  }
  return "unknown";
}

}  // namespace spillway::rocks

using spillway::BytesView;
using spillway::Result;
using spillway::Status;
using spillway::plugin::ToStringView;
using spillway::rocks::KindName;
using spillway::rocks::ValueTrailer;

namespace {

Status CheckNamespace(const spw_state& state, spw_bytes ns) {
  if (ns.data == nullptr) {
    return state.Named(Status::InvalidArgument("needs a namespace; the void namespace is empty bytes"));
  }
  if (ns.size > spillway::snapshot::kNamespaceBytesMax) {
    return state.Named(
        Status::InvalidArgument("was given a namespace of " + std::to_string(ns.size) + " bytes, at most " +
                                std::to_string(spillway::snapshot::kNamespaceBytesMax) + " are allowed"));
  }
  return {};
}

}  // namespace

Status spw_state::Named(const Status& status) const {
  return status.WithContext("state '" + description.name + "'");
}

Status spw_state::Named(const rocksdb::Status& status, const char* cannot) const {
  if (status.ok()) return {};
  return Named(backend->FromDatabase(status, cannot));
}

Status spw_state::Damaged() const {
  return Named(Status::Corruption("an entry in " + backend->directory->database() +
                                  " has bytes that the backend never wrote; restore from the last checkpoint"));
}

Status spw_state::Check(spw_state_kind kind) const {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  if (!registered) {
    return Named(Status::InvalidState("was restored and is not registered yet; call register_state first"));
  }
  if (description.kind != kind) {
    return Named(Status::InvalidArgument(std::string("is a ") + KindName(description.kind) + " state, not a " +
                                         KindName(kind) + " state"));
  }
  return {};
}

Status spw_state::CheckKeyed() const {
  if (description.kind == SPW_STATE_TIMER) return Check(SPW_STATE_VALUE);  // says what it is
  return Check(description.kind);
}

Result<BytesView> spw_state::CurrentKey(spw_state_kind kind, spw_bytes ns) const {
  SPILLWAY_RETURN_IF_ERROR(Check(kind));
  if (backend->current_key.empty()) {
    return Named(Status::InvalidState("has no current key; call set_current_key first"));
  }
  SPILLWAY_RETURN_IF_ERROR(CheckNamespace(*this, ns));
  std::string& key = backend->scratch_key;
  key.assign(backend->current_key);
  spillway::rocks::AppendFramed(ToStringView(ns), &key);
  return BytesView(key);
}

Result<BytesView> spw_state::KeyOf(spw_state_kind kind, spw_bytes key, uint32_t key_group, spw_bytes ns) const {
  SPILLWAY_RETURN_IF_ERROR(Check(kind));
  SPILLWAY_RETURN_IF_ERROR(Named(backend->CheckKeyGroup(key_group)));
  SPILLWAY_RETURN_IF_ERROR(Named(backend->CheckKey(key)));
  SPILLWAY_RETURN_IF_ERROR(CheckNamespace(*this, ns));
  std::string& encoded = backend->scratch_key;
  encoded.clear();
  spillway::rocks::AppendKey(key_group, ToStringView(key), &encoded);
  spillway::rocks::AppendFramed(ToStringView(ns), &encoded);
  return BytesView(encoded);
}

Status spw_state::CheckValueSize(uint64_t bytes) const {
  if (bytes <= spillway::snapshot::kValueBytesMax) return {};
  return Named(Status::InvalidArgument("was given a value of " + std::to_string(bytes) + " bytes, at most " +
                                       std::to_string(spillway::snapshot::kValueBytesMax) + " are allowed"));
}

ValueTrailer spw_state::Trailer(bool null) const {
  return TrailerOfSchema(description.value_schemas.current, null);
}

ValueTrailer spw_state::TrailerOfSchema(uint32_t schema_id, bool null) const {
  const bool stamped = time_to_live->enabled();
  return {schema_id, null, stamped, stamped ? backend->host.NowMs() : 0};
}

bool spw_state::IsExpired(const spillway::rocks::StoredValue& value) const {
  return time_to_live->enabled() && time_to_live->IsExpired(value, backend->host.NowMs());
}
