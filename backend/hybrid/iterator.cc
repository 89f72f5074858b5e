#include "backend/hybrid/iterator.h"

#include <utility>

#include "backend/hybrid/instance.h"

namespace spillway::hybrid {
namespace {

// About what any iterator takes with its strings and vectors; what grows is charged as it grows.
constexpr uint64_t kBaseBytes = 256;

}  // namespace

StateIterator::StateIterator(State* state)
    : instance_(state->instance()),
      state_(state),
      alignment_(state->alignment()),
      charge_(&instance_->heap().account(), kBaseBytes) {
  instance_->Register(this);
}

StateIterator::~StateIterator() {
  if (detached_) return;
  instance_->Unregister(this);
  if (items_ != nullptr) instance_->KeepUntilSafepoint(std::move(items_));
}

void StateIterator::Finish() {
  if (!detached_) EndViews();
}

void StateIterator::Detach() {
  EndViews();
  items_.reset();
  detached_ = true;
  Unlink();
}

ItemBuffer& StateIterator::items() {
  if (items_ == nullptr) items_ = std::make_unique<ItemBuffer>(&instance_->heap().account());
  return *items_;
}

void StateIterator::LinkBefore(StateIterator* next) {
  next_ = next;
  if (next != nullptr) next->previous_ = this;
}

void StateIterator::Unlink() {
  if (previous_ != nullptr) previous_->next_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

}  // namespace spillway::hybrid
