#include "backend/hybrid/heap.h"

#include <new>

#include "backend/hybrid/list_piece.h"
#include "backend/hybrid/node.h"
#include "backend/hybrid/segment.h"

namespace spillway::hybrid {
namespace {

// Freed between two tries of an allocation that the share refused.
constexpr int kStepsPerTry = 64;

}  // namespace

Heap::~Heap() {
  Discard();
}

void* Heap::Allocate(uint64_t bytes, Category category, Charge charge) {
  if (allowed_ != kRefuseNone && charge == Charge::kWithinShare) {
    if (allowed_ == 0) return nullptr;
    --allowed_;
  }
  if (system_allows_ != kRefuseNone) {
    if (system_allows_ == 0) throw std::bad_alloc();
    --system_allows_;
  }
  void* object = arena_.Allocate(bytes, charge);
  while (object == nullptr && (HasReclaimable() || arena_.Trim())) {
    Reclaim(kStepsPerTry);
    object = arena_.Allocate(bytes, charge);
  }
  if (object == nullptr) return nullptr;
  account_.Add(category, AllocatedBytes(bytes));
  return object;
}

bool Heap::CanTake(uint64_t bytes) {
  while (!account_.Allows(bytes)) {
    if (!HasReclaimable() && !arena_.Trim()) return false;
    Reclaim(kStepsPerTry);
  }
  return true;
}

void Heap::Free(void* object, uint64_t bytes, Category category) {
  account_.Subtract(category, AllocatedBytes(bytes));
  arena_.Free(object, bytes);
}

void Heap::Retire(Versions* versions, const RetiredRecord& record) {
  versions->NoteWrite();
  if (versions->IsFrozen(record.birth)) {
    Push(&versions->newest()->dead, record);
  } else {
    Push(&free_later_, record);
  }
}

void Heap::RetireObject(Versions* versions, void* object, uint32_t birth, uint64_t bytes) {
  account_.Move(Category::kEntries, Category::kRetired, AllocatedBytes(bytes));
  Retire(versions, RetiredRecord::Object(object, birth, bytes));
}

void Heap::RetireIndex(Versions* versions, void* object, uint32_t birth, uint64_t bytes) {
  if (!versions->IsFrozen(birth)) {
    Free(object, bytes, Category::kIndex);
    return;
  }
  account_.Move(Category::kIndex, Category::kRetired, AllocatedBytes(bytes));
  Retire(versions, RetiredRecord::Object(object, birth, bytes));
}

void Heap::RetireNodes(Versions* versions, uint64_t root, uint32_t birth, uint32_t alignment) {
  if (root != 0) Retire(versions, RetiredRecord::Nodes(root, birth, alignment));
}

void Heap::RetirePieces(Versions* versions, void* last, uint32_t birth) {
  if (last != nullptr) Retire(versions, RetiredRecord::Pieces(last, birth));
}

bool Heap::BeginView(Versions* versions, View* view, uint64_t root) {
  if (versions->exhausted()) return false;
  versions->Begin(view, root);
  Counters::Add(counters_.views_live);
  return true;
}

void Heap::EndView(View* view) {
  Versions* versions = view->versions;
  versions->End(view);
  counters_.views_live.store(counters_.views_live.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  if (!view->dead.empty()) ended_later_.push_back({versions, view->epoch, std::move(view->dead)});
}

void Heap::HandBack(View* view) {
  View* top = handed_back_.load(std::memory_order_relaxed);
  do {
    view->next_handed_back = top;
  } while (!handed_back_.compare_exchange_weak(top, view, std::memory_order_release, std::memory_order_relaxed));
}

void Heap::Reclaim(uint64_t steps) {
  uint64_t done = 0;
  while (done < steps && ReclaimOne()) ++done;
}

void Heap::FreeReclaimed(void* object, uint64_t bytes, Category category) {
  Free(object, bytes, category);
  Counters::Add(counters_.objects_reclaimed);
}

bool Heap::ReclaimOne() {
  if (!dismantling_.done()) {
    DismantleOne();
    return true;
  }
  if (!free_now_.empty()) {
    FreeRecord(free_now_.Pop(&arena_, &account_));
    return true;
  }
  while (!ended_now_.empty()) {
    EndedView& ended = ended_now_.front();
    if (ended.dead.empty()) {
      ended_now_.pop_front();
      continue;
    }
    const RetiredRecord record = ended.dead.Pop(&arena_, &account_);
    if (View* still = ended.versions->NewestNeeding(record.birth, ended.epoch)) {
      Push(&still->dead, record);
    } else {
      FreeRecord(record);
    }
    return true;
  }
  return false;
}

void Heap::FreeRecord(const RetiredRecord& record) {
  switch (record.kind()) {
    case RetiredKind::kObject:
      FreeReclaimed(record.object(), record.bytes(), Category::kRetired);
      break;
    case RetiredKind::kPieces:
      dismantling_.piece = record.object();
      break;
    case RetiredKind::kNodes:
      dismantling_ = {};
      dismantling_.alignment = record.alignment();
      switch (RootKindOf(record.what)) {
        case RootKind::kChain:
          dismantling_.link = record.what;
          break;
        case RootKind::kSegment:
          dismantling_.segment = SegmentOf(record.what);
          dismantling_.segment_class = HighBitsOf(record.what);
          break;
        case RootKind::kDirectory:
          dismantling_.root = record.what;
          break;
      }
      break;
  }
}

void Heap::DismantleOne() {
  Dismantling& at = dismantling_;
  if (at.piece != nullptr) {
    auto* piece = static_cast<Piece*>(at.piece);
    at.piece = piece->previous;
    FreeReclaimed(piece, PieceBytes(piece), Category::kEntries);
    return;
  }
  if (at.link != 0) {
    Node* node = NodeOf(at.link);
    at.link = node->next;
    FreeReclaimed(node, NodeBytes(node, at.alignment), Category::kEntries);
    return;
  }
  if (at.segment == nullptr) {
    DismantleDirectory();
    return;
  }
  auto* segment = static_cast<Segment*>(at.segment);
  const uint32_t heads = HeadsOfSegment(at.segment_class);
  while (at.next_head < heads && segment->heads[at.next_head] == 0) ++at.next_head;
  if (at.next_head < heads) {
    at.link = segment->heads[at.next_head++];
    return;
  }
  FreeReclaimed(segment, SegmentBytes(at.segment_class), Category::kIndex);
  at.segment = nullptr;
  at.next_head = 0;
}

void Heap::DismantleDirectory() {
  Dismantling& at = dismantling_;
  Directory* directory = DirectoryOf(at.root);
  if (at.next_entry == 1u << directory->depth) {
    FreeReclaimed(directory, DirectoryBytes(directory->depth), Category::kIndex);
    at.root = 0;
    return;
  }
  const uint64_t entry = directory->entries[at.next_entry];
  at.next_entry += 1u << (directory->depth - HighBitsOf(entry));
  at.segment = SegmentOf(entry);
  at.segment_class = kFullSegment;
}

void Heap::Discard() {
  free_later_.Clear(&arena_, &account_);
  free_now_.Clear(&arena_, &account_);
  for (EndedView& ended : ended_later_) ended.dead.Clear(&arena_, &account_);
  for (EndedView& ended : ended_now_) ended.dead.Clear(&arena_, &account_);
  ended_later_.clear();
  ended_now_.clear();
  dismantling_ = {};
  arena_.FreeAll();
  account_.Subtract(Category::kEntries, account_.of(Category::kEntries));
  account_.Subtract(Category::kIndex, account_.of(Category::kIndex));
  account_.Subtract(Category::kRetired, account_.of(Category::kRetired));
}

uint64_t Heap::waiting() const {
  uint64_t count = free_later_.size() + free_now_.size() + (dismantling_.done() ? 0 : 1);
  for (const EndedView& ended : ended_later_) count += ended.dead.size();
  for (const EndedView& ended : ended_now_) count += ended.dead.size();
  return count;
}

}  // namespace spillway::hybrid
