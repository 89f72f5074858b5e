// Threads of a case, joined whatever happens.
#pragma once

#include <exception>
#include <functional>
#include <thread>

#include "tests/conformance/check.h"

namespace spillway::conformance {

// Runs `body` on a thread of its own from construction to Join; what it fails with, Join fails with. The destructor
// joins and drops failures, for cases that are failing already.
class Parallel {
 public:
  explicit Parallel(std::function<void()> body)
      : thread_([this, body = std::move(body)] {
          try {
            body();
          } catch (...) {
            failure_ = std::current_exception();
          }
        }) {}
  ~Parallel() {
    if (thread_.joinable()) thread_.join();
  }
  Parallel(const Parallel&) = delete;
  Parallel& operator=(const Parallel&) = delete;

  void Join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace spillway::conformance
