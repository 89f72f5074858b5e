// For plugin authors: nothing thrown crosses the ABI, and every handle is counted.
//
// Wrap the body of each slot in Guard (or GuardVoid). Errors are filled by FillError, whose messages count as live
// handles until released. Count backends, iterators, snapshots and snapshot results with a HandleCount member in the
// class behind each handle, and give the descriptor `live_handles` as `[] { return LiveHandles::OfPlugin().count(); }`.
// All of it may be used from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "spillway/plugin/abi.h"

namespace spillway::plugin {

class LiveHandles {
 public:
  // Relaxed: the count orders nothing; who reads it to find leaks has joined the threads that released.
  void Add() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  void Drop() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

  // The one count of this shared library: spw_plugin_descriptor::live_handles has no argument by which to find another.
  // Hidden, so that two plugins in one process never share it.
  __attribute__((visibility("hidden"))) static LiveHandles& OfPlugin() noexcept {
    static LiveHandles handles;
    return handles;
  }

 private:
  std::atomic<uint64_t> count_{0};
};

// A member of every class behind a handle: counted from construction to destruction.
class HandleCount {
 public:
  HandleCount() noexcept { LiveHandles::OfPlugin().Add(); }
  ~HandleCount() { LiveHandles::OfPlugin().Drop(); }
  HandleCount(const HandleCount&) = delete;
  HandleCount& operator=(const HandleCount&) = delete;
};

// Fills `err` with the code and a copy of the message; returns the code, so that a slot can `return FillError(…)`. When
// the copy cannot be had, a static text stands in.
inline spw_code FillError(spw_error* err, spw_code code, std::string_view message) noexcept {
  if (err == nullptr) return code;  // the ABI forbids it; a plugin need not die of it
  err->code = code;
  auto* text = static_cast<char*>(std::malloc(message.size() + 1));
  if (text == nullptr) {
    err->message = "out of memory while reporting an error";
    err->private_data = nullptr;
    err->release = nullptr;
    return code;
  }
  if (!message.empty()) std::memcpy(text, message.data(), message.size());
  text[message.size()] = '\0';
  LiveHandles::OfPlugin().Add();
  err->message = text;
  err->private_data = text;
  err->release = [](spw_error* self) noexcept {
    std::free(self->private_data);
    self->message = nullptr;
    self->private_data = nullptr;
    self->release = nullptr;
    LiveHandles::OfPlugin().Drop();
  };
  return code;
}

// Runs the body of a slot, which returns an spw_code, and turns whatever it throws into a code and a filled error.
template <typename Body>
[[nodiscard]] spw_code Guard(spw_error* err, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return FillError(err, SPW_OUT_OF_MEMORY, "the system gave no memory to the backend");
  } catch (const std::exception& error) {
    return FillError(err, SPW_INTERNAL, error.what());
  } catch (...) {
    return FillError(err, SPW_INTERNAL, "the backend threw something that is not a std::exception");
  }
}

// The same for a slot that cannot report: false when the body threw, for the plugin to log or remember.
template <typename Body>
bool GuardVoid(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace spillway::plugin
