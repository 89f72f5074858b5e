#include "runtime/sources/csv.h"

#include <algorithm>
#include <array>

namespace spillway::runtime {
namespace {

// Reads a quoted field that begins at line[*at] == '"'; leaves *at behind its closing quote.
const char* ReadQuoted(std::string_view line, size_t* at, std::string* unquoted, std::string_view* field) {
  const size_t begin = ++*at;
  const size_t unquoted_begin = unquoted->size();
  bool copied = false;
  size_t piece = begin;
  for (;;) {
    const size_t quote = line.find('"', *at);
    if (quote == std::string_view::npos) return "a quote is not closed";
    *at = quote + 1;
    if (*at < line.size() && line[*at] == '"') {  // a doubled quote stands for one
      unquoted->append(line.substr(piece, *at - piece));
      copied = true;
      piece = ++*at;
      continue;
    }
    if (!copied) {
      *field = line.substr(begin, quote - begin);
    } else {
      unquoted->append(line.substr(piece, quote - piece));
      *field = std::string_view(*unquoted).substr(unquoted_begin);
    }
    return *at == line.size() || line[*at] == ',' ? nullptr : "text follows a closing quote";
  }
}

// The usual line: there is no quote in it.
CsvSplit SplitAtCommas(std::string_view line, std::span<std::string_view> fields) {
  CsvSplit split;
  for (size_t at = 0;;) {
    const size_t comma = std::min(line.find(',', at), line.size());
    if (split.fields < fields.size()) fields[split.fields] = line.substr(at, comma - at);
    ++split.fields;
    if (comma == line.size()) return split;
    at = comma + 1;
  }
}

constexpr std::array<bool, 256> BytesThatNeedQuotes() {
  std::array<bool, 256> need{};
  for (const unsigned char c : {',', '"', '\r', '\n'}) need[c] = true;
  return need;
}

}  // namespace

CsvSplit SplitCsvLine(std::string_view line, std::span<std::string_view> fields, std::string* unquoted) {
  if (line.find('"') == std::string_view::npos) return SplitAtCommas(line, fields);
  CsvSplit split;
  unquoted->clear();
  unquoted->reserve(line.size());  // it never grows: the fields borrow from it
  size_t at = 0;
  for (;;) {
    std::string_view field;
    if (at < line.size() && line[at] == '"') {
      split.error = ReadQuoted(line, &at, unquoted, &field);
      if (split.error != nullptr) return split;
    } else {
      const size_t comma = std::min(line.find(',', at), line.size());
      field = line.substr(at, comma - at);
      at = comma;
      if (field.find('"') != std::string_view::npos) {
        split.error = "a quote stands inside a field that is not quoted";
        return split;
      }
    }
    if (split.fields < fields.size()) fields[split.fields] = field;
    ++split.fields;
    if (at == line.size()) return split;
    ++at;  // the comma
  }
}

void AppendCsvField(std::string_view field, std::string* line) {
  static constexpr std::array<bool, 256> kNeedsQuotes = BytesThatNeedQuotes();
  if (std::none_of(field.begin(), field.end(), [](char c) { return kNeedsQuotes[static_cast<unsigned char>(c)]; })) {
    line->append(field);
    return;
  }
  line->push_back('"');
  for (const char c : field) {
    if (c == '"') line->push_back('"');
    line->push_back(c);
  }
  line->push_back('"');
}

}  // namespace spillway::runtime
