// Open, own, close, release; the current key and safepoints.
#include <algorithm>
#include <string_view>

#include "spillway/key_groups.h"
#include "tests/model/backend.h"
#include "tests/model/query.h"
#include "tests/model/slot.h"
#include "tests/model/snapshot.h"

spw_backend::spw_backend(const spw_open_options& options, const spw_host* host_table)
    : host(host_table),
      max_parallelism(options.max_parallelism),
      key_groups(options.key_groups),
      key_group_function(options.key_group_function),
      instance(options.instance),
      account(options.memory_share_bytes) {}

spillway::Status spw_backend::CheckOpen() const {
  if (!closed.load(std::memory_order_acquire)) return {};
  return spillway::Status::Closed("instance '" + instance + "' is closed");
}

spillway::Status spw_backend::CheckKeyGroup(uint32_t key_group) const {
  if (key_group >= key_groups.first && key_group <= key_groups.last) return {};
  return spillway::Status::InvalidArgument("key-group " + std::to_string(key_group) + " is not one of instance '" +
                                           instance + "', which owns " + std::to_string(key_groups.first) + " to " +
                                           std::to_string(key_groups.last));
}

spw_state* spw_backend::Find(std::string_view name) {
  const auto found = states.find(std::string(name));
  return found == states.end() ? nullptr : found->second.get();
}

namespace spillway::model {
namespace {

Status CheckOptions(const spw_open_options& options) {
  if (options.max_parallelism < 1 || options.max_parallelism > kMaxParallelismLimit) {
    return Status::InvalidArgument("max_parallelism is " + std::to_string(options.max_parallelism) +
                                   "; it must be 1 to " + std::to_string(kMaxParallelismLimit));
  }
  if (options.key_groups.first > options.key_groups.last || options.key_groups.last >= options.max_parallelism) {
    return Status::InvalidArgument("key-groups " + std::to_string(options.key_groups.first) + " to " +
                                   std::to_string(options.key_groups.last) + " are not a range within 0 to " +
                                   std::to_string(options.max_parallelism - 1));
  }
  if (options.key_group_function == nullptr || *options.key_group_function == '\0') {
    return Status::InvalidArgument("key_group_function is not given; name the function that computes key-groups");
  }
  const std::string_view instance = options.instance == nullptr ? "" : options.instance;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (instance.empty() || !std::all_of(instance.begin(), instance.end(), allowed)) {
    return Status::InvalidArgument("the instance's name '" + std::string(instance) +
                                   "' must be one or more of A-Z, a-z, 0-9, '.', '_' and '-'");
  }
  if (options.config_count > 0) {
    return Status::InvalidArgument(std::string("configuration key '") + options.config[0].key +
                                   "' is unknown: the model has none");
  }
  return {};
}

Answer Open(const spw_open_options* options, const spw_host* host, spw_backend** out) {
  if (options == nullptr || host == nullptr) return Status::InvalidArgument("open needs options and a host");
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(*options));
  *out = std::make_unique<spw_backend>(*options, host).release();
  return SPW_OK;
}

Answer Close(spw_backend* backend) {
  std::vector<PendingQuery> queries;
  {
    const std::lock_guard lock(backend->mutex);
    SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
    backend->closed.store(true, std::memory_order_release);
    queries.swap(backend->queries);
  }
  backend->Safepoint();
  for (const PendingQuery& query : queries) query.answer(query.context, SPW_CLOSED, nullptr);
  CancelAllAndWait(backend);
  return SPW_OK;
}

Answer SetCurrentKey(spw_backend* backend, spw_bytes key, uint32_t key_group) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  SPILLWAY_RETURN_IF_ERROR(backend->CheckKeyGroup(key_group));
  if (key.data == nullptr) return Status::InvalidArgument("the current key cannot be null");
  SPILLWAY_RETURN_IF_ERROR(CheckSize("the key", key.size, snapshot::kKeyBytesMax));
  backend->current = CurrentKey{std::string(plugin::ToStringView(key)), key_group};
  return SPW_OK;
}

Answer Poll(spw_backend* backend, uint32_t* count) {
  *count = 0;  // get_async is not offered, so nothing completes
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  backend->Safepoint();
  AnswerQueries(backend);
  return SPW_OK;
}

// Everything is resident, so there is nothing to bring near.
Answer Prefetch(spw_backend* backend) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  backend->Safepoint();
  return SPW_OK;
}

}  // namespace

void FillLifeSlots(spw_backend_api* api) {
  api->open = [](const spw_open_options* options, const spw_host* host, spw_backend** out, spw_error* err) noexcept {
    return Slot(err, [&] { return Open(options, host, out); });
  };
  api->bind_owner = [](spw_backend* backend, spw_error* err) noexcept {
    return Slot(err, [&]() -> Answer {
      SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
      return SPW_OK;  // the model does not look at threads: the debug proxy does
    });
  };
  api->close = [](spw_backend* backend, uint32_t, spw_error* err) noexcept {
    return Slot(err, [&] { return Close(backend); });
  };
  api->release = [](spw_backend* backend) noexcept {
    plugin::GuardVoid([&] { (void)Close(backend).ok(); });
    delete backend;
  };
  api->set_current_key = [](spw_backend* backend, spw_bytes key, uint32_t key_group, spw_error* err) noexcept {
    return Slot(err, [&] { return SetCurrentKey(backend, key, key_group); });
  };
  api->end_record = [](spw_backend* backend) noexcept { backend->Safepoint(); };
  api->poll = [](spw_backend* backend, spw_completion*, uint32_t, uint32_t* count, spw_error* err) noexcept {
    return Slot(err, [&] { return Poll(backend, count); });
  };
  api->prefetch = [](spw_backend* backend, const spw_access*, uint32_t, spw_error* err) noexcept {
    return Slot(err, [&] { return Prefetch(backend); });
  };
}

}  // namespace spillway::model
