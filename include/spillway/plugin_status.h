// From the plugin ABI's codes to Status, for hosts in C++.
//
// StatusOf keeps code and message; SPW_ABSENT and SPW_PENDING are results and give OK, so look at the code first. Plain
// functions, any thread.
#pragma once

#include <string>

#include "spillway/plugin/abi.h"
#include "spillway/plugin/error.h"
#include "spillway/status.h"

namespace spillway {

// The Status of a call that returned `code` and filled `err`. A code that the header does not name becomes kInternal.
[[nodiscard]] inline Status StatusOf(spw_code code, const plugin::Error& err) {
  if (!plugin::IsError(code)) return {};
  return {static_cast<StatusCode>(code < 0 ? plugin::KnownCode(code) : SPW_INTERNAL), err.message()};
}

}  // namespace spillway
