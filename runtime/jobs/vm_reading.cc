#include "runtime/jobs/vm_reading.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "runtime/sources/csv.h"

namespace spillway::runtime {
namespace {

enum Column : size_t { kStartTime, kVm, kSuite, kTest, kUnit, kValue, kRuntime, kColumns };

// Digits only: -1 for anything else.
int ParseDigits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

bool ParseReal(std::string_view text, double* number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *number);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && std::isfinite(*number);
}

struct VmName {
  std::string_view region;
  std::string_view type;
};

// "life/region/type/id", no part of it empty.
bool ParseVm(std::string_view vm, VmName* name) {
  const size_t first = vm.find('/');
  if (first == 0 || first == std::string_view::npos) return false;
  const size_t second = vm.find('/', first + 1);
  if (second == first + 1 || second == std::string_view::npos) return false;
  const size_t third = vm.find('/', second + 1);
  if (third == second + 1 || third == std::string_view::npos || third + 1 == vm.size()) return false;
  if (vm.find('/', third + 1) != std::string_view::npos) return false;
  name->region = vm.substr(first + 1, second - first - 1);
  name->type = vm.substr(second + 1, third - second - 1);
  return true;
}

}  // namespace

const char* ParseVmReading(std::string_view line, VmReading* reading, std::string* scratch) {
  std::array<std::string_view, kColumns> columns;
  const CsvSplit split = SplitCsvLine(line, columns, scratch);
  if (split.error != nullptr) return split.error;
  if (split.fields != kColumns) return "the line does not have 7 columns";
  if (!ParseTime(columns[kStartTime], &reading->time_ms)) return "start_time is not YYYY-MM-DD HH:MM:SS.mmm";
  VmName vm;
  if (!ParseVm(columns[kVm], &vm)) return "vm is not life/region/type/id";
  if (columns[kTest].empty()) return "test is empty";
  if (!ParseReal(columns[kValue], &reading->value)) return "value is not a number";
  double runtime_s = 0;
  if (!ParseReal(columns[kRuntime], &runtime_s)) return "runtime_s is not a number";

  std::string& names = reading->names;
  names.clear();
  names.reserve(columns[kVm].size() + columns[kTest].size() + vm.region.size() + vm.type.size() + 3);
  AppendCsvField(columns[kVm], &names);
  names.push_back(',');
  reading->test_at = static_cast<uint32_t>(names.size());
  AppendCsvField(columns[kTest], &names);
  reading->test_end = static_cast<uint32_t>(names.size());
  names.push_back(',');
  AppendCsvField(vm.region, &names);
  names.push_back(',');
  AppendCsvField(vm.type, &names);
  return nullptr;
}

void AppendGroup(std::string_view group, std::string* line) {
  std::array<std::string_view, 3> names;  // test, region, type
  std::string unquoted;
  static_cast<void>(SplitCsvLine(group, names, &unquoted));  // it was written by AppendCsvField
  AppendCsvField(names[1], line);
  line->push_back(',');
  AppendCsvField(names[2], line);
  line->push_back(',');
  AppendCsvField(names[0], line);
}

bool ParseTime(std::string_view text, int64_t* time_ms) {
  constexpr std::string_view kForm = "0000-00-00 00:00:00.000";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != '0' && text[i] != kForm[i]) return false;
  }
  const int year = ParseDigits(text.substr(0, 4));
  const int month = ParseDigits(text.substr(5, 2));
  const int day = ParseDigits(text.substr(8, 2));
  const int hour = ParseDigits(text.substr(11, 2));
  const int minute = ParseDigits(text.substr(14, 2));
  const int second = ParseDigits(text.substr(17, 2));
  const int millis = ParseDigits(text.substr(20, 3));
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || millis < 0) return false;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return false;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  *time_ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millis;
  return true;
}

void AppendTime(int64_t time_ms, std::string* line) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(time_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(*line), "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace spillway::runtime
