// Keeps an instance within its memory share: what is cold is written to run files in the background, and evicted.
//
// Owner thread only, but for figures(). Four levels of use, compared with the share:
//   low       nothing to do
//   moderate  above spill.start-ratio, until below spill.stop-ratio: at safepoints, a flush of the coldest key-groups
//             is begun when none is under way, and some clean entries are evicted
//   high      a write finds no room: it evicts what is clean itself
//   critical  nothing is clean: it waits for the flush, then evicts; at most spill.stall-timeout, then it is refused.
//             When there is nothing to wait for before the next safepoint, a small reserve is granted until then
// Reads are never refused: what comes back may overdraw the share a little, until the next safepoint.
//
// Between safepoints only what the host cannot see is freed (see Node::structure), so that views stay what they are.
// A flush that fails (a full disk) leaves everything dirty and in memory; it is logged and tried again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/hybrid/cold_batch.h"
#include "backend/hybrid/cold_reader.h"
#include "backend/hybrid/evictor.h"
#include "backend/hybrid/group_heat.h"
#include "backend/hybrid/spill_directories.h"
#include "backend/hybrid/spill_options.h"
#include "backend/hybrid/spill_worker.h"
#include "backend/hybrid/state.h"
#include "backend/hybrid/versions.h"
#include "spill/io_engine.h"
#include "spillway/status.h"

namespace spillway::hybrid {

class Spiller {
 public:
  // What any thread may ask.
  struct Figures {
    std::atomic<uint64_t> stall_us{0};
    std::atomic<uint64_t> flushes{0};
    std::atomic<uint64_t> flushes_failed{0};
    std::atomic<uint64_t> compactions{0};
    std::atomic<uint64_t> evicted{0};      // entries, so far
    std::atomic<uint64_t> loaded{0};       // entries that came back
    std::atomic<uint64_t> cold{0};         // entries on disk only, about
    std::atomic<uint64_t> run_files{0};    // now
    std::atomic<uint64_t> disk_bytes{0};   // of them
    std::atomic<uint64_t> index_bytes{0};  // of them, in memory
  };

  // Opens engine and directories; an error names what cannot be used.
  static Result<std::unique_ptr<Spiller>> Open(Instance* instance, const SpillOptions& options,
                                               std::span<const std::string> parents);
  ~Spiller();  // Close
  Spiller(const Spiller&) = delete;
  Spiller& operator=(const Spiller&) = delete;

  // The calling thread becomes the owner.
  [[nodiscard]] Status Bind() { return engine_->Bind(); }

  // A safepoint has passed. Cheap while there is nothing to do.
  void AtSafepoint() {
    if (reserve_granted_) TakeReserveBack();
    if (busy_ || reclaim_.load(std::memory_order_relaxed) != 0 || Pressure() > StartBytes()) Relieve();
  }
  // [any-thread] So many bytes are to be given back to the system, beginning with the next safepoint.
  void Reclaim(uint64_t bytes) { reclaim_.fetch_add(bytes, std::memory_order_relaxed); }
  // Before an operation, nothing of which has begun.
  void BeforeOperation() {
    if (spill_every_ != 0 && ++operations_ % spill_every_ == 0) SpillForTest();
  }
  // A write found no room, and is as if it had not been tried. True: try again.
  [[nodiscard]] bool MakeRoom();
  // The writes of one operation share their waiting time.
  void BeginWrite() { waited_us_ = 0; }
  // Before cold entries are read in: pointers into tables may not be held.
  void PrepareLoad();
  // Waits until no flush is under way.
  void FinishFlush();
  // Everything that can be is written and evicted.
  void SpillAll();
  // A restore has failed: nothing of what there was is needed.
  void Forget();
  // Ends background work and lets go of all runs; their files are gone then. Snapshots and iterators must have ended.
  void Close();

  [[nodiscard]] ColdReader& reader() { return reader_; }
  [[nodiscard]] const ColdReader& reader() const { return reader_; }
  [[nodiscard]] spill::IoEngineKind engine_kind() const { return engine_->kind(); }
  [[nodiscard]] ColdBatch& batch() { return batch_; }
  [[nodiscard]] spill::IoEngine* engine() { return engine_.get(); }
  [[nodiscard]] const SpillOptions& options() const { return options_; }
  [[nodiscard]] GroupHeat& heat() { return heat_; }
  [[nodiscard]] const Figures& figures() const { return figures_; }
  [[nodiscard]] Figures& figures() { return figures_; }
  [[nodiscard]] spill::IoCounters io_counters() const;
  // An entry went to disk or came back.
  void NoteCold(SpilledTable* table, int64_t more);

 private:
  struct Flushing {
    State* state;
    uint32_t group;
    uint32_t stamps;  // as they were
    View view;
  };

  Spiller(Instance* instance, const SpillOptions& options, std::unique_ptr<spill::IoEngine> engine,
          std::unique_ptr<SpillDirectories> directories);

  [[nodiscard]] uint64_t Pressure() const;
  [[nodiscard]] bool IsSmall() const;
  [[nodiscard]] uint64_t StartBytes() const;
  [[nodiscard]] uint64_t StopBytes() const;
  void Relieve();
  [[nodiscard]] bool GrantReserve();
  void TakeReserveBack();
  void GiveBack();
  enum class Flush {
    kAhead,  // of the coldest key-groups, when much is dirty
    kSome,   // of the coldest key-groups, since room is needed
    kAll,
  };
  // False when nothing is dirty or it may not be tried yet.
  [[nodiscard]] bool BeginFlush(Flush how);
  [[nodiscard]] bool AddToFlush(SpillJob* job, State* state, uint32_t group);
  void TakeFinished();
  void FinishOne(std::unique_ptr<SpillJob> job);
  void PublishFlush(const SpillJob& job);
  void PublishCompaction(SpillJob* job);
  void BeginCompaction();
  void CountFiles();
  void ChargeBuffers();
  void SpillForTest();
  void LogFailure(const Status& status, const char* what);

  Instance* const instance_;
  const SpillOptions options_;
  const std::unique_ptr<SpillDirectories> directories_;
  const std::unique_ptr<spill::IoEngine> engine_;
  ColdReader reader_;
  GroupHeat heat_;
  Evictor evictor_;
  ColdBatch batch_;
  SpillWorker flusher_;
  SpillWorker compactor_;
  Figures figures_;

  std::atomic<uint64_t> reclaim_{0};  // asked for; relaxed, it only has to be seen some time
  uint64_t giving_back_ = 0;          // of that, still to be evicted
  bool busy_ = false;                 // relieving, or something is under way
  bool relieving_ = false;            // from above start until below stop
  bool closed_ = false;
  uint64_t spill_every_;  // as in the options, growing
  uint64_t operations_ = 0;
  uint64_t spills_ = 0;
  uint64_t waited_us_ = 0;
  bool reserve_granted_ = false;                     // until the next safepoint
  std::vector<std::unique_ptr<Flushing>> flushing_;  // the tables of the flush under way
  std::vector<CompactionTable> compacting_;          // those of the compaction under way
  int64_t retry_at_us_ = 0;                          // no flush before, after one that failed
  int64_t ahead_at_us_ = 0;                          // no flush ahead of need before
  int64_t logged_at_us_ = 0;
  std::vector<std::weak_ptr<const spill::RunFile>> files_;
  uint32_t loads_since_count_ = 0;
  IoCharge index_charge_;
  IoCharge buffer_charge_;
};

}  // namespace spillway::hybrid
