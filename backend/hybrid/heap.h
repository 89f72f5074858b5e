// The memory of a backend instance, with what freeing safely needs: what the host may still look at, and what views
// may still reach, is kept until it may go.
//
// Owner thread only, but for HandBack. What leaves a table is retired: when a live view needs it, it waits on that
// view's dead list; else it waits for the owner's next safepoint, since the host may hold a view of its bytes. From the
// safepoint on it may be freed, which is done in bounded steps (Reclaim), or at once when the share leaves nothing for
// a write. Retiring and freeing never fail: they may overdraw the share.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <utility>

#include "backend/hybrid/arena.h"
#include "backend/hybrid/memory_account.h"
#include "backend/hybrid/record_list.h"
#include "backend/hybrid/versions.h"

namespace spillway::hybrid {

struct Counters {
  // Written by the owner alone, read by any thread; relaxed, they order nothing.
  std::atomic<uint64_t> nodes_copied{0};
  std::atomic<uint64_t> segments_copied{0};
  std::atomic<uint64_t> splits{0};
  std::atomic<uint64_t> objects_reclaimed{0};  // freed after they were retired
  std::atomic<uint64_t> views_live{0};
  std::atomic<uint64_t> refused_writes{0};

  static void Add(std::atomic<uint64_t>& figure, uint64_t more = 1) {
    figure.store(figure.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
};

class Heap {
 public:
  explicit Heap(uint64_t share) : account_(share), arena_(&account_) {}
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Aligned to 16, not zeroed; nullptr when the share does not allow it even after freeing all that may be freed.
  [[nodiscard]] void* Allocate(uint64_t bytes, Category category, Charge charge);
  // For tests: after so many allocations within the share, all others are refused, until set again.
  void RefuseAfter(uint64_t allocations) { allowed_ = allocations; }
  // For tests: after so many allocations of either charge the system has no memory (std::bad_alloc), until set again.
  void FailAfter(uint64_t allocations) { system_allows_ = allocations; }
  static constexpr uint64_t kRefuseNone = UINT64_MAX;
  // Whether `bytes` more may be taken, after freeing what may be freed if need be.
  [[nodiscard]] bool CanTake(uint64_t bytes);
  // Gives what lies free back to the system.
  void Trim() { (void)arena_.Trim(); }
  // At once: only what neither a view nor the host can reach.
  void Free(void* object, uint64_t bytes, Category category);

  // What left the table and the host may have a view of. `birth` is the version since when it was part of it.
  void RetireObject(Versions* versions, void* object, uint32_t birth, uint64_t bytes);
  void RetireNodes(Versions* versions, uint64_t root, uint32_t birth, uint32_t alignment);
  void RetirePieces(Versions* versions, void* last, uint32_t birth);
  // What the host never sees, such as segments: freed at once when no view needs it.
  void RetireIndex(Versions* versions, void* object, uint32_t birth, uint64_t bytes);

  // A view of `root`, which must be the table's; false when epochs have run out.
  [[nodiscard]] bool BeginView(Versions* versions, View* view, uint64_t root);
  // Ends it. What it held is freed after the next safepoint.
  void EndView(View* view);
  // [any-thread] Ends it at the owner's next safepoint. Every read through the view must be done; neither the view
  // nor its pins may be touched by the caller any more.
  void HandBack(View* view);

  // Views of the host end: what was retired may be freed from now on. Takes what was handed back; calls
  // `ended(view)` for each, after which the heap does not touch the view.
  template <typename Ended>
  void Safepoint(Ended&& ended);
  // Takes what was handed back, without a safepoint: the host's views live on.
  template <typename Ended>
  void EndHandedBack(Ended&& ended);
  // So many steps of freeing what may be freed: each frees one object at most, or moves one on to another list.
  void Reclaim(uint64_t steps);
  [[nodiscard]] bool HasReclaimable() const {
    return !free_now_.empty() || !ended_now_.empty() || !dismantling_.done();
  }
  [[nodiscard]] bool HasHandedBack() const { return handed_back_.load(std::memory_order_relaxed) != nullptr; }

  // Forgets all that waits and gives all memory back. No view may be live.
  void Discard();

  [[nodiscard]] MemoryAccount& account() { return account_; }
  [[nodiscard]] Counters& counters() { return counters_; }
  // Objects retired and not yet freed, without those on dead lists of live views; for tests and metrics.
  [[nodiscard]] uint64_t waiting() const;

 private:
  struct EndedView {  // the dead list of a view that ended
    Versions* versions;
    uint32_t epoch;
    RecordList dead;
  };

  struct Dismantling {  // a tree or list that is being freed, object by object
    uint64_t root = 0;  // a directory, or 0
    uint32_t next_entry = 0;
    void* segment = nullptr;
    uint32_t segment_class = 0;
    uint32_t next_head = 0;
    uint64_t link = 0;  // the rest of a chain
    uint32_t alignment = 1;
    void* piece = nullptr;

    [[nodiscard]] bool done() const { return root == 0 && segment == nullptr && link == 0 && piece == nullptr; }
  };

  void Retire(Versions* versions, const RetiredRecord& record);
  void Push(RecordList* list, const RetiredRecord& record) { list->Push(&arena_, &account_, record); }
  // One step of freeing; false when there is nothing left.
  bool ReclaimOne();
  void FreeRecord(const RetiredRecord& record);
  void FreeReclaimed(void* object, uint64_t bytes, Category category);
  void DismantleOne();
  void DismantleDirectory();

  MemoryAccount account_;
  Arena arena_;
  uint64_t allowed_ = kRefuseNone;
  uint64_t system_allows_ = kRefuseNone;
  Counters counters_;
  RecordList free_later_;              // at the next safepoint
  RecordList free_now_;                // any time
  std::deque<EndedView> ended_later_;  // alike
  std::deque<EndedView> ended_now_;
  Dismantling dismantling_;
  std::atomic<View*> handed_back_{nullptr};  // a stack; pushed with release, taken with acquire by the owner
};

template <typename Ended>
void Heap::Safepoint(Ended&& ended) {
  free_now_.Append(std::move(free_later_));
  while (!ended_later_.empty()) {
    ended_now_.push_back(std::move(ended_later_.front()));
    ended_later_.pop_front();
  }
  EndHandedBack(std::forward<Ended>(ended));
}

template <typename Ended>
void Heap::EndHandedBack(Ended&& ended) {
  if (!HasHandedBack()) return;
  View* view = handed_back_.exchange(nullptr, std::memory_order_acquire);
  while (view != nullptr) {
    View* next = view->next_handed_back;
    EndView(view);
    ended(view);
    view = next;
  }
}

}  // namespace spillway::hybrid
