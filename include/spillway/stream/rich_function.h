// What all user functions may have beside their one call: an opening, and a place in the job.
//
// A function object is a prototype: every subtask works on a copy of its own, on its own thread, so members need no
// lock and are not shared (share through a pointer, and then with a lock). Open is called once per run before the first
// record, Close after the last unless the subtask failed. State belongs into keyed state, not into members: members are
// not restored.
#pragma once

#include "spillway/status.h"
#include "spillway/stream/runtime_context.h"

namespace spillway {

class RichFunction {
 public:
  virtual ~RichFunction() = default;
  virtual Status Open(RuntimeContext& context) {
    static_cast<void>(context);
    return {};
  }
  virtual Status Close() { return {}; }

 protected:
  RichFunction() = default;
  RichFunction(const RichFunction&) = default;
  RichFunction& operator=(const RichFunction&) = default;
  RichFunction(RichFunction&&) = default;
  RichFunction& operator=(RichFunction&&) = default;
};

}  // namespace spillway
