#include "tests/abi/header_text.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace spillway::abi_test {
namespace {

// What a comment promises of the slots after it: the bracketed words right at its beginning.
struct Promise {
  std::string thread_tag;
  bool required = false;
  std::vector<std::string> capabilities;
};

bool IsThreadTag(const std::string& word) {
  return word == "owner-thread" || word == "any-thread" || word == "snapshot-thread";
}

// `anywhere`: brackets count wherever they are, as in a section's heading.
Promise ReadPromise(const std::string& comment, bool anywhere) {
  static const std::regex kWord(R"(\[([A-Za-z_-]+)[^\]]*\]|\((required)\))");
  Promise promise;
  std::string rest = comment;
  std::smatch match;
  while (std::regex_search(rest, match, kWord)) {
    const std::string between = match.prefix();
    const bool follows =
        std::all_of(between.begin(), between.end(), [](unsigned char c) { return std::isspace(c) != 0 || c == '*'; });
    if (!anywhere && !follows) break;
    if (match[2].matched) {
      promise.required = true;
    } else if (IsThreadTag(match[1])) {
      promise.thread_tag = match[1];
    } else {
      promise.capabilities.push_back(match[1]);
    }
    rest = match.suffix();
  }
  return promise;
}

// A comment of several lines as one.
std::string Joined(const std::string& comment) {
  static const std::regex kLineBreak(R"(\s*\n\s*\*?\s*)");
  return std::regex_replace(comment, kLineBreak, " ");
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  HeaderText Parse() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "/*") {
        Comment();
      } else if (text_[at_] == ';' || text_[at_] == '{' || text_[at_] == '}') {
        Statement(text_[at_]);
      } else {
        Take();
      }
    }
    return std::move(header_);
  }

 private:
  void Take() {
    if (text_[at_] == '\n') ++line_;
    statement_ += text_[at_];
    header_.code += text_[at_++];
  }

  void Comment() {
    const size_t end = text_.find("*/", at_) + 2;
    const std::string comment(text_.substr(at_ + 2, end - at_ - 4));
    // A comment behind a field on its line speaks of that field.
    const size_t line_begin = text_.rfind('\n', at_) + 1;
    const bool trails = text_.substr(line_begin, at_ - line_begin).find(';') != std::string_view::npos;
    line_ += static_cast<size_t>(std::count(comment.begin(), comment.end(), '\n'));
    at_ = end;
    if (comment.starts_with(" -- ")) {
      section_ = ReadPromise(comment, true);
      comment_.clear();
      promise_ = {};
    } else if (!trails) {
      comment_ = Joined(comment);
      promise_ = ReadPromise(comment, false);
    } else if (!header_.slots.empty() && header_.slots.back().line == line_) {
      header_.slots.back().thread_tag = ReadPromise(comment, false).thread_tag;
    }
  }

  void Statement(char end) {
    static const std::regex kStructure(R"(typedef struct (\w+)\s*$)");
    static const std::regex kSlot(R"(\(\*(\w+)\)\()");
    std::smatch match;
    if (end == '{' && std::regex_search(statement_, match, kStructure)) {
      structure_ = match[1];
      header_.structures.push_back({structure_, line_, comment_, {}});
      section_ = {};
    } else if (end == ';' && !structure_.empty()) {
      Field();
      if (std::regex_search(statement_, match, kSlot)) AddSlot(match[1]);
    } else if (end == '}') {
      structure_.clear();
      comment_.clear();
    }
    statement_.clear();
    header_.code += end;
    ++at_;
  }

  void Field() {
    std::string& first = header_.structures.back().first_field;
    if (!first.empty()) return;
    const size_t begin = statement_.find_first_not_of(" \n");
    if (begin != std::string::npos) first = statement_.substr(begin);
  }

  void AddSlot(const std::string& name) {
    Slot slot{structure_, name, line_, promise_.thread_tag, promise_.required, promise_.capabilities};
    if (slot.capabilities.empty() && !slot.required) {
      slot.capabilities = section_.capabilities;
      slot.required = section_.required;
    }
    header_.slots.push_back(std::move(slot));
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  std::string statement_;
  std::string structure_;  // that is open
  std::string comment_;    // the last one before a field
  Promise promise_;
  Promise section_;
  HeaderText header_;
};

}  // namespace

HeaderText ParseHeader(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace spillway::abi_test
