#include "tests/layout/source_tree.h"

#include <fstream>
#include <iterator>
#include <utility>

namespace spillway::layout {
namespace {

namespace fs = std::filesystem;

enum class Within { kCode, kBlockComment, kString, kCharacter };

}  // namespace

std::string Finding::ToString() const {
  return file + ":" + (line == 0 ? "" : std::to_string(line) + ":") + " " + text;
}

void SourceTree::Add(std::string path, std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  files_[std::move(path)] = std::move(lines);
}

SourceTree SourceTree::Read(const fs::path& root, const std::vector<std::string>& folders) {
  SourceTree tree;
  for (const std::string& folder : folders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string path = entry.path().lexically_relative(root).generic_string();
      if (!entry.is_regular_file() || (!IsCode(path) && entry.path().filename() != "CMakeLists.txt")) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      tree.Add(path, std::string(std::istreambuf_iterator<char>(in), {}));
    }
  }
  return tree;
}

bool IsHeader(std::string_view path) {
  return path.ends_with(".h");
}

bool IsCode(std::string_view path) {
  return IsHeader(path) || path.ends_with(".cc") || path.ends_with(".c");
}

std::vector<std::string> WithoutComments(const std::vector<std::string>& lines) {
  std::vector<std::string> result = lines;
  Within within = Within::kCode;
  for (std::string& line : result) {
    if (within != Within::kBlockComment) within = Within::kCode;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string_view rest = std::string_view(line).substr(i);
      if (within == Within::kCode) {
        if (rest.starts_with("//")) {
          line.replace(i, std::string::npos, line.size() - i, ' ');
          break;
        }
        // A quote after a digit separates digits.
        const bool separates = i > 0 && rest[0] == '\'' && std::isxdigit(static_cast<unsigned char>(line[i - 1])) != 0;
        if (rest.starts_with("/*")) within = Within::kBlockComment;
        if (rest[0] == '"') within = Within::kString;
        if (rest[0] == '\'' && !separates) within = Within::kCharacter;
        if (within == Within::kBlockComment) line[i + 1] = ' ';
        if (within != Within::kCode) line[i] = ' ';
        continue;
      }
      if (within == Within::kBlockComment && rest.starts_with("*/")) {
        line[i + 1] = ' ';
        within = Within::kCode;
      } else if (within != Within::kBlockComment && rest[0] == '\\' && i + 1 < line.size()) {
        line[i++] = ' ';
      } else if ((within == Within::kString && rest[0] == '"') || (within == Within::kCharacter && rest[0] == '\'')) {
        within = Within::kCode;
      }
      line[i] = ' ';
    }
  }
  return result;
}

}  // namespace spillway::layout
