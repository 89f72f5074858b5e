// A snapshot being written by a thread of its own.
#pragma once

#include <optional>
#include <string>

#include "spillway/plugin/backend.h"
#include "tests/conformance/instance.h"
#include "tests/conformance/parallel.h"

namespace spillway::conformance {

// The destructor opens the storage's gate before it joins, so that a failing case ends.
class SnapshotWriter {
 public:
  SnapshotWriter(Instance* at, const plugin::Snapshot* snapshot)
      : at_(at), thread_([this, snapshot] { code_ = snapshot->Run(&result_, err_); }) {}
  ~SnapshotWriter() { at_->run().storage().OpenGate(); }
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // Waits for the end and tells the code.
  spw_code Join() {
    thread_.Join();
    return code_;
  }
  [[nodiscard]] const plugin::Error& err() const { return err_; }
  // After Join.
  [[nodiscard]] TakenSnapshot Taken(Location where = Location::current()) {
    ExpectCode(code_, SPW_OK, "snapshot_run", err_, where);
    return at_->Keep(result_);
  }

 private:
  Instance* const at_;
  plugin::Error err_;
  plugin::SnapshotResult result_;
  spw_code code_ = SPW_PENDING;
  Parallel thread_;
};

}  // namespace spillway::conformance
