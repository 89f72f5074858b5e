// Open, bind, close, release; the current key; safepoints.
#include "backend/hybrid/slots/query_answers.h"
#include "backend/hybrid/slots/slot.h"

namespace spillway::hybrid {
namespace {

// Freed at most at the end of a record, and at a poll, which comes less often.
constexpr uint64_t kStepsAtEndOfRecord = 64;
constexpr uint64_t kStepsAtPoll = 1024;

spw_code Open(const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) {
  if (options == nullptr || host == nullptr || out == nullptr) {
    return Answer(Status::InvalidArgument("open needs options, a host and a place for the backend"), err);
  }
  Result<std::unique_ptr<Instance>> instance = Instance::Open(plugin::CopyKnownPart(options), host);
  if (!instance.ok()) return Answer(instance.status(), err);
  *out = reinterpret_cast<spw_backend*>(std::move(instance).value().release());
  return SPW_OK;
}

spw_code SetCurrentKey(Instance* instance, spw_bytes key, uint32_t key_group, spw_error* err) {
  if (!instance->Owns(key_group)) return Answer(KeyGroupError(*instance, key_group), err);
  if (key.data == nullptr) return Answer(Status::InvalidArgument("the current key cannot be null"), err);
  if (key.size > snapshot::kKeyBytesMax) {
    return Answer(Status::InvalidArgument("a key of " + std::to_string(key.size) + " bytes is too large; the most is " +
                                          std::to_string(snapshot::kKeyBytesMax)),
                  err);
  }
  instance->SetCurrentKey(plugin::ToStringView(key), key_group);
  return SPW_OK;
}

}  // namespace

void FillLifeSlots(spw_backend_api* api) {
  api->open = [](const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) noexcept {
    return plugin::Guard(err, [&] { return Open(options, host, out, err); });
  };
  // Which thread owns is the host's to keep; the debug proxy looks at it.
  api->bind_owner = [](spw_backend* backend, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) -> spw_code {
      return instance->spiller() == nullptr ? SPW_OK : Answer(instance->spiller()->Bind(), err);
    });
  };
  api->close = [](spw_backend* backend, uint32_t /*flags: what lies on disk is of no use to another instance*/,
                  spw_error* err) noexcept {
    return plugin::Guard(err, [&]() -> spw_code {
      return Behind(backend)->Close() ? SPW_OK : Answer(ClosedError(*Behind(backend)), err);
    });
  };
  api->release = [](spw_backend* backend) noexcept { plugin::GuardVoid([&] { delete Behind(backend); }); };
  api->set_current_key = [](spw_backend* backend, spw_bytes key, uint32_t key_group, spw_error* err) noexcept {
    return OnInstance(backend, err, [&](Instance* instance) { return SetCurrentKey(instance, key, key_group, err); });
  };
  api->end_record = [](spw_backend* backend) noexcept {
    if (Behind(backend)->closed()) return;
    plugin::GuardVoid([&] { Behind(backend)->Safepoint(kStepsAtEndOfRecord); });
  };
  api->poll = [](spw_backend* backend, spw_completion*, uint32_t, uint32_t* count, spw_error* err) noexcept {
    *count = 0;
    return OnInstance(backend, err, [](Instance* instance) -> spw_code {
      instance->Safepoint(kStepsAtPoll);
      AnswerQueries(instance);
      return SPW_OK;
    });
  };
}

}  // namespace spillway::hybrid
