// A benchmark reading of a virtual machine, and how a line of CSV becomes one.
//
// Columns, without a header: start_time (UTC, "YYYY-MM-DD HH:MM:SS.mmm"), vm ("life/region/type/id"), suite, test,
// unit, value, runtime_s. Series and group are written as they stand in the output, so they are keys and output at
// once: what belongs together has equal text, quoted where CSV needs it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spillway::runtime {

struct VmReading {
  int64_t time_ms = 0;  // since 1970, UTC
  double value = 0;
  std::string series;  // "vm,test"
  std::string group;   // "region,type,test"
};

// What is wrong with the line, in a few words; null when it was read. `scratch` is overwritten.
[[nodiscard]] const char* ParseVmReading(std::string_view line, VmReading* reading, std::string* scratch);

// "2023-09-01 00:00:00.740". False for anything else, dates that do not exist among it.
[[nodiscard]] bool ParseTime(std::string_view text, int64_t* time_ms);
void AppendTime(int64_t time_ms, std::string* line);

}  // namespace spillway::runtime
