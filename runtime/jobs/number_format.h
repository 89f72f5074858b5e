// How numbers are written in the output of jobs: the same on every machine, whatever its locale.
//
// Real numbers have up to nine significant digits, without trailing zeros, in exponent form where that is what "%g"
// would choose; nine keep what measurements have and hide the last bits, where sums of another order may differ. Pure
// functions.
#pragma once

#include <cstdint>
#include <string>

namespace spillway::runtime {

inline constexpr int kSignificantDigits = 9;

// ",<number>" at the end of a line.
void AppendNumber(double number, std::string* line);
void AppendNumber(uint64_t number, std::string* line);

}  // namespace spillway::runtime
