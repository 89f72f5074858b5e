// Versions and views: how a background reader sees a table as it was, while the owner goes on.
//
// Each table (one state, one key-group) counts epochs. What the owner makes or changes carries the current one. A view
// takes the epoch that was current and begins a new one, so that all that existed has a version not above the view's
// epoch. As long as the view lives, NOTHING reachable from the root it took is ever written: what is not newer than the
// newest live view (`frozen`) is immutable, every byte of it; the owner copies instead. A copy's original is needed
// by the views from its birth to its replacement: it goes to the newest live view's `dead` list, and when that view
// ends on to the next older live view that is not older than it, or is freed (see heap.h).
//
// Begin, End and all of Versions: owner thread only. A reader on another thread uses the root it was handed and ends by
// handing the view back (Heap::HandBack); it never touches Versions or the links of a View.
#pragma once

#include <cstdint>

#include "backend/hybrid/node.h"
#include "backend/hybrid/record_list.h"

namespace spillway::hybrid {

class Versions;

struct View {
  Versions* versions = nullptr;  // null when the view is not live
  uint64_t root = 0;             // of the table, as it was
  uint32_t epoch = 0;
  View* older = nullptr;  // of the same table
  View* newer = nullptr;
  RecordList dead;
  View* next_handed_back = nullptr;
  void* pins = nullptr;  // the set of views that this one belongs to, for its owner
};

class Versions {
 public:
  // Epochs run up to here; then no further view can begin.
  static constexpr uint32_t kEpochMax = kVersionMask - 1;

  // The version of what is made or changed now.
  [[nodiscard]] uint32_t Stamp() {
    written_ = true;
    ++stamps_;
    return epoch_;
  }
  // Stamps since this was set to 0: not fewer than the entries that were changed since.
  [[nodiscard]] uint32_t stamps() const { return stamps_; }
  void ResetStamps() { stamps_ = 0; }
  void AddStamps(uint32_t more) { stamps_ += more; }
  // Something changed that stamped nothing, such as a removal.
  void NoteWrite() { written_ = true; }
  [[nodiscard]] uint32_t epoch() const { return epoch_; }
  // Whether a live view may reach what was born at `version`.
  [[nodiscard]] bool IsFrozen(uint32_t version) const { return version <= frozen_; }
  [[nodiscard]] bool HasViews() const { return newest_ != nullptr; }
  [[nodiscard]] View* newest() const { return newest_; }
  [[nodiscard]] bool exhausted() const { return epoch_ >= kEpochMax; }

  void Begin(View* view, uint64_t root) {
    view->versions = this;
    view->root = root;
    view->epoch = epoch_;
    view->older = newest_;
    view->newer = nullptr;
    if (newest_ != nullptr) newest_->newer = view;
    newest_ = view;
    frozen_ = epoch_++;
    written_ = false;
  }
  // Unlinks the view; its dead list is the caller's to deal with.
  void End(View* view) {
    // A view during which nothing was written leaves no trace: views by the million cost no epochs.
    if (view == newest_ && !written_) epoch_ = view->epoch;
    (view->newer == nullptr ? newest_ : view->newer->older) = view->older;
    if (view->older != nullptr) view->older->newer = view->newer;
    frozen_ = newest_ == nullptr ? 0 : newest_->epoch;
    written_ = true;  // what was written before in the epoch now current is not known
    view->versions = nullptr;
  }
  // The newest live view that needs what was born at `birth` and left the table when the view of `epoch` was its
  // newest; nullptr when there is none.
  [[nodiscard]] View* NewestNeeding(uint32_t birth, uint32_t epoch) const {
    View* view = newest_;
    while (view != nullptr && view->epoch > epoch) view = view->older;
    return view != nullptr && view->epoch >= birth ? view : nullptr;
  }

 private:
  uint32_t epoch_ = 1;
  uint32_t frozen_ = 0;  // epoch of the newest live view, 0: none
  View* newest_ = nullptr;
  bool written_ = true;  // whether anything was stamped since the newest view began
  uint32_t stamps_ = 0;
};

}  // namespace spillway::hybrid
