#include "runtime/jobs/page_request.h"

#include <array>
#include <charconv>
#include <limits>

namespace spillway::runtime {

const char* ParsePageRequest(std::string_view line, PageRequest* request) {
  constexpr const char* kForm = "not four whole numbers with a space between them";
  std::array<uint64_t, 4> numbers{};
  const char* at = line.data();
  const char* const end = at + line.size();
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && (at == end || *at++ != ' ')) return kForm;
    const auto parsed = std::from_chars(at, end, numbers[i]);
    if (parsed.ec != std::errc()) return kForm;
    at = parsed.ptr;
  }
  if (at != end) return kForm;
  const auto [first_page, page_count, ignored, number] = numbers;
  if (page_count == 0) return "a request without pages";
  if (page_count > kRequestPagesMax) return "a request of more than 65536 pages";
  if (first_page > std::numeric_limits<uint64_t>::max() - (page_count - 1)) return "a page beyond 2^64";
  *request = {first_page, page_count};
  return nullptr;
}

}  // namespace spillway::runtime
