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
  std::string names;      // "vm,test,region,type"
  uint32_t test_at = 0;   // in names
  uint32_t test_end = 0;  // in names

  // "vm,test", as it stands in the output.
  [[nodiscard]] std::string_view Series() const { return std::string_view(names).substr(0, test_end); }
  // "test,region,type".
  [[nodiscard]] std::string_view Group() const { return std::string_view(names).substr(test_at); }
};

// "region,type,test", as it stands in the output, of a reading's Group.
void AppendGroup(std::string_view group, std::string* line);

// What is wrong with the line, in a few words; null when it was read. `scratch` is overwritten.
[[nodiscard]] const char* ParseVmReading(std::string_view line, VmReading* reading, std::string* scratch);

// "2023-09-01 00:00:00.740". False for anything else, dates that do not exist among it.
[[nodiscard]] bool ParseTime(std::string_view text, int64_t* time_ms);
void AppendTime(int64_t time_ms, std::string* line);

}  // namespace spillway::runtime
