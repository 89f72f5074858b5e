// Splits one line of CSV into its fields, by RFC 4180: fields are separated by commas; a field in double quotes may
// hold commas and, doubled, quotes. A record is one line: line breaks inside quotes are not supported.
//
// Refused, with a word why: a quote inside a field that does not begin with one, text behind a closing quote, a quote
// that is not closed. Pure; the fields borrow from the line and, where quotes had to be undone, from `unquoted`.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spillway::runtime {

struct CsvSplit {
  size_t fields = 0;  // how many there are; only the first fields.size() were stored
  const char* error = nullptr;
};

// Stores the fields in `fields`. `unquoted` is overwritten.
[[nodiscard]] CsvSplit SplitCsvLine(std::string_view line, std::span<std::string_view> fields, std::string* unquoted);

// Appends a field, in quotes if it needs them.
void AppendCsvField(std::string_view field, std::string* line);

}  // namespace spillway::runtime
