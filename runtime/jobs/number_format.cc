#include "runtime/jobs/number_format.h"

#include <array>
#include <charconv>

namespace spillway::runtime {

void AppendNumber(double number, std::string* line) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::general,
                                 kSignificantDigits);
  line->push_back(',');
  line->append(digits.data(), end.ptr);
}

void AppendNumber(uint64_t number, std::string* line) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  line->push_back(',');
  line->append(digits.data(), end.ptr);
}

}  // namespace spillway::runtime
