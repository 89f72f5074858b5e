#include "backend/hybrid/iterator.h"

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
  if (!detached_) instance_->Unregister(this);
}

void StateIterator::Finish() {
  if (!detached_) EndViews();
}

void StateIterator::Detach() {
  EndViews();
  detached_ = true;
  Unlink();
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
