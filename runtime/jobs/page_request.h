// A request of a block access trace, and how a line of the trace becomes one.
//
// Four whole numbers with a space between them: first_page page_count ignored request_number. The request touches
// page_count pages from first_page on. Its own number is ignored as well: some traces have none. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::runtime {

// A line that names more is no request but damage.
inline constexpr uint64_t kRequestPagesMax = 1 << 16;

struct PageRequest {
  uint64_t first_page = 0;
  uint64_t page_count = 0;  // 1 to kRequestPagesMax; the last page's number is below 2^64
};

// What is wrong with the line, in a few words; null when it was read.
[[nodiscard]] const char* ParsePageRequest(std::string_view line, PageRequest* request);

}  // namespace spillway::runtime
