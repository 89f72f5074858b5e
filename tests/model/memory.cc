// What an instance uses, and its metrics.
#include <algorithm>

#include "tests/model/backend.h"
#include "tests/model/slot.h"

namespace spillway::model {
namespace {

Answer Usage(const spw_backend* backend, spw_memory_usage* out) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  const MemoryAccount& account = backend->account;
  spw_memory_usage usage{};
  usage.share = account.share();
  usage.entries = account.of(Purpose::kEntries);
  usage.retired = account.of(Purpose::kCopies) + account.of(Purpose::kRetired);
  usage.used = usage.entries + usage.retired;
  usage.used_peak = std::max(usage.used, account.peak());
  usage.struct_size = out->struct_size;
  std::memcpy(out, &usage, std::min<size_t>(out->struct_size, sizeof(usage)));
  return SPW_OK;
}

Answer Metrics(spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count) {
  SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
  const spw_metric figures[] = {
      {"memory_used_bytes", "Bytes of entries and copies, by estimate", static_cast<double>(backend->account.used()),
       SPW_METRIC_GAUGE, 0},
      {"snapshots_written", "Snapshots written to the end",
       static_cast<double>(backend->snapshots_written.load(std::memory_order_relaxed)), SPW_METRIC_COUNTER, 0},
  };
  *count = static_cast<uint32_t>(std::size(figures));
  std::copy_n(figures, std::min(*count, capacity), out);
  return SPW_OK;
}

}  // namespace

void FillMemorySlots(spw_backend_api* api) {
  api->memory_usage = [](spw_backend* backend, spw_memory_usage* out, spw_error* err) noexcept {
    return Slot(err, [&] { return Usage(backend, out); });
  };
  api->memory_set_share = [](spw_backend* backend, uint64_t bytes, spw_error* err) noexcept {
    return Slot(err, [&]() -> Answer {
      SPILLWAY_RETURN_IF_ERROR(backend->CheckOpen());
      backend->account.set_share(bytes);
      return SPW_OK;
    });
  };
  api->metrics = [](spw_backend* backend, spw_metric* out, uint32_t capacity, uint32_t* count,
                    spw_error* err) noexcept {
    return Slot(err, [&] { return Metrics(backend, out, capacity, count); });
  };
}

}  // namespace spillway::model
