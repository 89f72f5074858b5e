// Status and Result: how every fallible function of Spillway reports.
//
// A Status is OK or an error with a code and one sentence that says what failed, where, and what to do.
// "Absent" is never an error: look-ups return std::optional or a null view. No exception leaves a folder's public
// functions; errors travel in these values. The codes are those of the plugin ABI, so they cross it unchanged.
//
// Thread safety: value types, as safe as std::string. The shape follows absl::Status and LevelDB's Status.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "spillway/plugin/abi.h"

namespace spillway {

// The numbers of the C ABI (spillway/plugin/abi.h); OK is the only value that is not an error.
enum class StatusCode : int32_t {
  kOk = SPW_OK,
  kInvalidArgument = SPW_INVALID_ARGUMENT,
  kInvalidState = SPW_INVALID_STATE,
  kUnsupported = SPW_UNSUPPORTED,
  kClosed = SPW_CLOSED,
  kStateMigration = SPW_STATE_MIGRATION,
  kOutOfMemory = SPW_OUT_OF_MEMORY,
  kIoError = SPW_IO_ERROR,
  kNoSpace = SPW_NO_SPACE,
  kCorruption = SPW_CORRUPTION,
  kCancelled = SPW_CANCELLED,
  kWrongThread = SPW_WRONG_THREAD,
  kVersionMismatch = SPW_VERSION_MISMATCH,
  kTimedOut = SPW_TIMED_OUT,
  kNotFound = SPW_NOT_FOUND,
  kInternal = SPW_INTERNAL,
};

// The code as a lower-case word for messages and logs ("invalid-argument"); "unknown" for a number without a name.
[[nodiscard]] constexpr std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid-argument";
    case StatusCode::kInvalidState:
      return "invalid-state";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kClosed:
      return "closed";
    case StatusCode::kStateMigration:
      return "state-migration";
    case StatusCode::kOutOfMemory:
      return "out-of-memory";
    case StatusCode::kIoError:
      return "io-error";
    case StatusCode::kNoSpace:
      return "no-space";
    case StatusCode::kCorruption:
      return "corruption";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kWrongThread:
      return "wrong-thread";
    case StatusCode::kVersionMismatch:
      return "version-mismatch";
    case StatusCode::kTimedOut:
      return "timed-out";
    case StatusCode::kNotFound:
      return "not-found";
    case StatusCode::kInternal:
      return "internal";
  }
  return "unknown";
}

class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(StatusCode code, std::string message)
      : code_(code), message_(code == StatusCode::kOk ? nullptr : std::make_unique<std::string>(std::move(message))) {}

  Status(const Status& other)
      : code_(other.code_), message_(other.message_ ? std::make_unique<std::string>(*other.message_) : nullptr) {}
  Status& operator=(const Status& other) {
    if (this != &other) *this = Status(other);
    return *this;
  }
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status Ok() { return {}; }
  static Status InvalidArgument(std::string m) { return {StatusCode::kInvalidArgument, std::move(m)}; }
  static Status InvalidState(std::string m) { return {StatusCode::kInvalidState, std::move(m)}; }
  static Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status Closed(std::string m) { return {StatusCode::kClosed, std::move(m)}; }
  static Status StateMigration(std::string m) { return {StatusCode::kStateMigration, std::move(m)}; }
  static Status OutOfMemory(std::string m) { return {StatusCode::kOutOfMemory, std::move(m)}; }
  static Status IoError(std::string m) { return {StatusCode::kIoError, std::move(m)}; }
  static Status NoSpace(std::string m) { return {StatusCode::kNoSpace, std::move(m)}; }
  static Status Corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status VersionMismatch(std::string m) { return {StatusCode::kVersionMismatch, std::move(m)}; }
  static Status TimedOut(std::string m) { return {StatusCode::kTimedOut, std::move(m)}; }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  [[nodiscard]] bool ok() const { return code_ == StatusCode::kOk; }
  [[nodiscard]] StatusCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const {
    static const std::string kNone;
    return message_ ? *message_ : kNone;
  }
  // "io-error: cannot create /x/y: No space left on device"
  [[nodiscard]] std::string ToString() const {
    return ok() ? "ok" : std::string(StatusCodeName(code_)) + ": " + message();
  }
  // The same error with the caller's context in front of its message; OK stays OK.
  [[nodiscard]] Status WithContext(std::string_view context) const {
    return ok() ? Status() : Status(code_, std::string(context) + ": " + message());
  }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::unique_ptr<std::string> message_;  // null when OK, so that an OK status costs one word
};

// A value or the error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}        // NOLINT(google-explicit-constructor): reads as a return
  Result(Status status) : value_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (std::get<Status>(value_).ok()) Fail("a Result was made from an OK Status without a value");
  }

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(value_); }
  [[nodiscard]] Status status() const { return ok() ? Status() : std::get<Status>(value_); }

  // The value; calling these on an error is a bug and aborts with the error's text.
  T& value() & { return Checked(); }
  const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(Checked()); }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->Checked(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->Checked(); }

 private:
  [[noreturn]] static void Fail(const std::string& why) {
    std::fprintf(stderr, "spillway: %s\n", why.c_str());
    std::abort();
  }
  T& Checked() {
    if (T* value = std::get_if<T>(&value_)) return *value;
    Fail("value() of an error: " + std::get<Status>(value_).ToString());
  }

  std::variant<T, Status> value_;
};

}  // namespace spillway

// Returns the Status of `expression` from the enclosing function when it is an error.
#define SPILLWAY_RETURN_IF_ERROR(expression)                                                                 \
  do {                                                                                                       \
    if (::spillway::Status spillway_status_ = (expression); !spillway_status_.ok()) return spillway_status_; \
  } while (false)

#define SPILLWAY_CONCAT_INNER(a, b) a##b
#define SPILLWAY_CONCAT(a, b) SPILLWAY_CONCAT_INNER(a, b)
#define SPILLWAY_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto result = (expression);                                           \
  if (!result.ok()) return result.status();                             \
  declaration = std::move(result).value()
// SPILLWAY_ASSIGN_OR_RETURN(auto file, Open(path)); unpacks a Result or returns its error.
#define SPILLWAY_ASSIGN_OR_RETURN(declaration, expression) \
  SPILLWAY_ASSIGN_OR_RETURN_IMPL(SPILLWAY_CONCAT(spillway_result_, __LINE__), declaration, expression)
