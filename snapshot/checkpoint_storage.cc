#include "snapshot/checkpoint_storage.h"

#include <algorithm>

namespace spillway::snapshot {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool IsNamePart(std::string_view part) {
  if (part.empty() || part == "." || part == "..") return false;
  for (char c : part) {
    if (!IsNameCharacter(c)) return false;
  }
  return true;
}

}  // namespace

Status CheckFileName(std::string_view name) {
  constexpr size_t kQuotedMax = 80;
  bool good = name.size() <= kFileNameBytesMax;
  for (size_t begin = 0; good && begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    good = IsNamePart(name.substr(begin, end - begin));
    begin = end + 1;
  }
  if (good) return {};
  return Status::InvalidArgument(
      "'" + std::string(name.substr(0, kQuotedMax)) +
      "' is no name of a stored file; use parts of [A-Za-z0-9._-] joined by '/', none of them "
      "'.' or '..', at most " +
      std::to_string(kFileNameBytesMax) + " bytes in all");
}

}  // namespace spillway::snapshot
