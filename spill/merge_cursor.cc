#include "spill/merge_cursor.h"

#include <algorithm>
#include <utility>

namespace spillway::spill {
namespace {

// `key` with its key and namespace in `bytes`.
RecordKey Kept(const RecordKey& key, std::string* bytes) {
  bytes->assign(key.key);
  bytes->append(key.state_namespace);
  RecordKey kept;
  kept.order = key.order;
  kept.key = BytesView(*bytes).substr(0, key.key.size());
  kept.state_namespace = BytesView(*bytes).substr(key.key.size());
  return kept;
}

}  // namespace

MergeCursor::MergeCursor(SectionKind kind, const std::vector<RecordSource*>& newest_first, bool bottom)
    : kind_(kind), bottom_(bottom) {
  for (RecordSource* source : newest_first) heads_.push_back({source, false});
}

Status MergeCursor::Begin() {
  begun_ = true;
  for (Head& head : heads_) SPILLWAY_RETURN_IF_ERROR(Move(&head));
  return {};
}

Status MergeCursor::Move(Head* head) {
  SPILLWAY_ASSIGN_OR_RETURN(head->there, head->source->Next());
  return {};
}

Result<bool> MergeCursor::Next() {
  if (!begun_) SPILLWAY_RETURN_IF_ERROR(Begin());
  return kind_ == SectionKind::kList ? NextPiece() : NextEntry();
}

bool MergeCursor::SameEntry(const RunRecord& a, const RunRecord& b) const {
  return kind_ == SectionKind::kList ? SameKey(a, b) : CompareKeys(kind_, a, b) == 0;
}

MergeCursor::Head* MergeCursor::First() {
  Head* first = nullptr;
  for (Head& head : heads_) {
    if (!head.there) continue;
    if (first == nullptr) {
      first = &head;
      continue;
    }
    const RunRecord& a = head.source->record();
    const RunRecord& b = first->source->record();
    if (!SameEntry(a, b) && CompareKeys(kind_, a, b) < 0) first = &head;
  }
  return first;
}

Result<bool> MergeCursor::NextEntry() {
  for (;;) {
    if (current_ != nullptr) SPILLWAY_RETURN_IF_ERROR(Move(std::exchange(current_, nullptr)));
    Head* first = First();
    if (first == nullptr) return false;
    record_ = first->source->record();
    current_ = first;
    for (Head& head : heads_) {
      if (&head == first || !head.there || !SameEntry(head.source->record(), record_)) continue;
      SPILLWAY_RETURN_IF_ERROR(Move(&head));
    }
    if (kind_ == SectionKind::kMap && IsVoid(record_)) continue;
    if (bottom_ && record_.op == RecordOp::kDelete) continue;
    return true;
  }
}

// Headers come before their entries, so the newest of a map has been seen by now.
bool MergeCursor::IsVoid(const RunRecord& record) {
  if (!any_map_ || !SameKey(record, map_)) {
    any_map_ = true;
    map_ = Kept(record, &map_bytes_);
    map_generation_ = 0;
  }
  if (!record.map_entry) map_generation_ = record.generation;
  return record.generation < map_generation_;
}

bool MergeCursor::AtList(const Head& head) const {
  return head.there && SameKey(head.source->record(), list_);
}

Result<bool> MergeCursor::BeginList() {
  const Head* first = First();
  if (first == nullptr) return false;
  list_ = Kept(first->source->record(), &list_bytes_);
  list_pieces_ = 0;
  in_list_ = true;
  // From the newest run back to the one that older ones do not matter to.
  size_t oldest = heads_.size();
  bool closed = false;
  for (size_t i = 0; i < heads_.size(); ++i) {
    if (!AtList(heads_[i])) continue;
    if (closed) {
      while (AtList(heads_[i])) SPILLWAY_RETURN_IF_ERROR(Move(&heads_[i]));
      continue;
    }
    oldest = i;
    closed = heads_[i].source->record().op != RecordOp::kAppend;
  }
  list_head_ = oldest;
  list_op_ = closed || bottom_ ? RecordOp::kBase : RecordOp::kAppend;
  return true;
}

Result<bool> MergeCursor::NextPiece() {
  for (;;) {
    if (current_ != nullptr) SPILLWAY_RETURN_IF_ERROR(Move(std::exchange(current_, nullptr)));
    if (!in_list_) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool any, BeginList());
      if (!any) return false;
    }
    // The heads before list_head_ are newer.
    while (!AtList(heads_[list_head_])) {
      if (list_head_ == 0) {
        in_list_ = false;
        break;
      }
      --list_head_;
    }
    if (!in_list_) continue;
    Head* head = &heads_[list_head_];
    record_ = head->source->record();
    current_ = head;
    if (record_.op == RecordOp::kDelete) {
      const bool rewritten = std::any_of(heads_.begin(), heads_.begin() + static_cast<ptrdiff_t>(list_head_),
                                         [this](const Head& newer) { return AtList(newer); });
      if (rewritten || bottom_) continue;
    } else {
      record_.op = list_pieces_ == 0 ? list_op_ : RecordOp::kAppend;
    }
    record_.sub = list_pieces_++;
    return true;
  }
}

}  // namespace spillway::spill
