// Calls into user code, with what it returns or throws as a Status.
//
// Pure functions, any thread.
#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "spillway/status.h"

namespace spillway {

// Runs `body`, which returns a Status, and turns what it throws into one.
template <typename Body>
Status CallUserCode(Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& error) {
    return Status::Internal(std::string("an exception was thrown: ") + error.what());
  } catch (...) {
    return Status::Internal("something was thrown that is not a std::exception");
  }
}

// For functions that return either a Status or nothing.
template <typename Call>
Status StatusOfCall(Call&& call) {
  if constexpr (std::is_same_v<std::invoke_result_t<Call>, Status>) {
    return std::forward<Call>(call)();
  } else {
    std::forward<Call>(call)();
    return {};
  }
}

}  // namespace spillway
