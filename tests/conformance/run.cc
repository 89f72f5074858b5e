#include "tests/conformance/run.h"

namespace spillway::conformance {

const char* KeyTypeName(KeyType key_type) {
  switch (key_type) {
    case KeyType::kUint64:
      return "u64 keys";
    case KeyType::kShortString:
      return "short keys";
    case KeyType::kLongString:
      return "long keys with a shared prefix";
    case KeyType::kEmptyString:
      return "the empty key among others";
  }
  return "unknown keys";
}

std::string Run::Key(uint64_t n) const {
  switch (key_type_) {
    case KeyType::kUint64:
      return std::string(reinterpret_cast<const char*>(&n), sizeof(n));
    case KeyType::kShortString:
      return "k" + std::to_string(n);
    case KeyType::kLongString:
      return std::string(300, 'p') + "/" + std::to_string(n);
    case KeyType::kEmptyString:
      break;
  }
  // "", "\0", "\0\0", "\0\0\0", then others: what a missing length would mix up.
  return n < 4 ? std::string(n, '\0') : "e" + std::to_string(n);
}

}  // namespace spillway::conformance
