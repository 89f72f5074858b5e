// The side outputs of one operator, by tag.
//
// Ports appear when the graph connects a reader; what is emitted under a tag that nobody reads is dropped. Used on the
// subtask's thread. A tag with another type than its reader's is an error that ends the job.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spillway/status.h"
#include "spillway/stream/operators/output_port.h"

namespace spillway {

class SideOutputs {
 public:
  template <typename S>
  void Connect(const std::string& id, TypedInput<S>* target) {
    for (Named& named : ports_) {
      if (named.id != id) continue;
      if (auto* port = dynamic_cast<OutputPort<S>*>(named.port.get())) {
        port->Connect(target);
      } else {
        NoteWrongType(id);
      }
      return;
    }
    auto port = std::make_unique<OutputPort<S>>();
    port->Connect(target);
    ports_.push_back({id, std::move(port)});
  }

  template <typename S>
  void Emit(const std::string& id, S value, int64_t timestamp) {
    for (Named& named : ports_) {
      if (named.id != id) continue;
      if (auto* port = dynamic_cast<OutputPort<S>*>(named.port.get())) {
        port->Emit(std::move(value), timestamp);
      } else {
        NoteWrongType(id);
      }
      return;
    }
  }

  template <typename Visit>
  void ForEachTarget(Visit visit) const {
    for (const Named& named : ports_) {
      for (Input* target : named.port->targets()) visit(target);
    }
  }
  // What went wrong with a tag, once; OK otherwise.
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  struct Named {
    std::string id;
    std::unique_ptr<OutputPortBase> port;
  };
  void NoteWrongType(const std::string& id) {
    if (status_.ok()) {
      status_ = Status::InvalidArgument("side output '" + id + "' is read and written with different types");
    }
  }

  std::vector<Named> ports_;
  Status status_;
};

}  // namespace spillway
