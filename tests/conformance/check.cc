#include "tests/conformance/check.h"

namespace spillway::conformance {

std::string Show(std::string_view bytes) {
  constexpr size_t kShownMax = 48;
  constexpr char kDigits[] = "0123456789abcdef";
  if (bytes.data() == nullptr) return "null";
  std::string text = "\"";
  for (const char c : bytes.substr(0, kShownMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += "\\x";
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  text += "\"";
  if (bytes.size() > kShownMax) text += "… of " + std::to_string(bytes.size()) + " bytes";
  return text;
}

std::string ShowCode(spw_code code) {
  constexpr const char* kErrors[] = {
      "SPW_INVALID_ARGUMENT", "SPW_INVALID_STATE",    "SPW_UNSUPPORTED", "SPW_CLOSED",     "SPW_STATE_MIGRATION",
      "SPW_OUT_OF_MEMORY",    "SPW_IO_ERROR",         "SPW_NO_SPACE",    "SPW_CORRUPTION", "SPW_CANCELLED",
      "SPW_WRONG_THREAD",     "SPW_VERSION_MISMATCH", "SPW_TIMED_OUT",   "SPW_NOT_FOUND",  "SPW_INTERNAL"};
  std::string name = "an unknown code";
  if (code == SPW_OK) name = "SPW_OK";
  if (code == SPW_ABSENT) name = "SPW_ABSENT";
  if (code == SPW_PENDING) name = "SPW_PENDING";
  if (code < 0 && code >= SPW_INTERNAL) name = kErrors[-code - 1];
  return name + " (" + std::to_string(code) + ")";
}

}  // namespace spillway::conformance
