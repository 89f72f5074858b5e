// Looks up many keys in the runs of their tables at once, so that their reads overlap: for prefetching cold entries.
//
// For the thread that owns the engine. Run blocks until all are answered, but never for one of them: each goes from run
// to run, newest first, as its reads end. At most so many are under way, the others wait their turn. While it runs no
// other polled request may be under way on the engine.
//
// Places of look-ups, with a buffer each, are kept from batch to batch: memory_bytes() then. Larger pages take memory
// only while they are read, kLargeBytesMax of it in all or one page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "backend/hybrid/spilled_table.h"
#include "spill/aligned_buffer.h"
#include "spill/io_engine.h"
#include "spill/page.h"
#include "spill/record.h"
#include "spill/run_lookup.h"
#include "spillway/status.h"

namespace spillway::hybrid {

struct ColdRequest {
  spill::RecordKey key;  // its bytes are borrowed until Run returns
  const RunList* runs;   // newest first; alike
};

class ColdBatch {
 public:
  static constexpr uint32_t kInFlightMax = 64;
  static constexpr uint64_t kBufferBytes = 16 * 1024;
  static constexpr uint64_t kLargeBytesMax = 4 << 20;

  // The record of the newest run that has one, be it a delete, valid during the call; null: none has. In no certain
  // order. It must not use the batch or the engine.
  using Found = std::function<void(size_t request, const spill::RunRecord* record)>;

  // The engine outlives it.
  explicit ColdBatch(spill::IoEngine* engine, uint32_t in_flight_max = kInFlightMax)
      : engine_(engine), in_flight_max_(in_flight_max) {}
  ColdBatch(const ColdBatch&) = delete;
  ColdBatch& operator=(const ColdBatch&) = delete;

  // After an error the requests that were not answered are abandoned. Nothing is under way when it returns or throws.
  [[nodiscard]] Status Run(std::span<const ColdRequest> requests, const Found& found);

  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  // A look-up and what it needs. Is itself the request that the engine works on.
  struct Slot : spill::IoRequest {
    size_t request = 0;
    size_t run = 0;
    spill::RunLookup lookup;
    spill::AlignedBuffer page;
    spill::AlignedBuffer large;  // for one that does not fit that
    spill::PageScratch scratch;
    bool wants_memory = false;  // when it waits; else it waits for an index that somebody loads
  };
  class Drained;

  [[nodiscard]] Status RunAll();
  // Puts requests that had no turn yet into free places.
  [[nodiscard]] Status Begin();
  // Goes on with a look-up: by a read, by waiting, in the next run, or to its end.
  [[nodiscard]] Status Follow(Slot* slot, spill::RunLookup::Step step);
  [[nodiscard]] spill::RunLookup::Step StartIn(Slot* slot);
  // Begins the read that the look-up asks for, or waits for memory.
  [[nodiscard]] Status Read(Slot* slot);
  [[nodiscard]] Status Ended(Slot* slot);
  [[nodiscard]] Status RetryWaiting();
  // One that waits for an index that nobody in the batch loads.
  [[nodiscard]] Status FindBlocking(Slot* slot);
  void Answer(Slot* slot, const spill::RunRecord* record);
  void ReleaseLarge(Slot* slot);
  void Drain();

  spill::IoEngine* const engine_;
  const uint32_t in_flight_max_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  std::vector<Slot*> waiting_;
  std::vector<Slot*> retried_;  // what was waiting, while it is gone through

  // Of the batch that runs.
  std::span<const ColdRequest> requests_;
  const Found* found_ = nullptr;
  size_t begun_ = 0;
  uint32_t in_flight_ = 0;
  uint64_t large_bytes_ = 0;
};

}  // namespace spillway::hybrid
