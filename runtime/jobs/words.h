// What a word is: a maximal run of ASCII letters, digits and underscores, case as it stands. All other bytes separate
// words, so text of any encoding, and what is no text at all, can be read.
//
// Pure; any thread.
#pragma once

#include <array>
#include <string_view>

namespace spillway::runtime {

[[nodiscard]] constexpr std::array<bool, 256> WordBytes() {
  std::array<bool, 256> is_word{};
  for (unsigned c = '0'; c <= '9'; ++c) is_word[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) is_word[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) is_word[c] = true;
  is_word['_'] = true;
  return is_word;
}

// visit(std::string_view), for every word of `text` in order.
template <typename Visit>
void ForEachWord(std::string_view text, Visit visit) {
  static constexpr std::array<bool, 256> kIsWord = WordBytes();
  const auto is_word = [](char c) { return kIsWord[static_cast<unsigned char>(c)]; };
  for (size_t at = 0; at < text.size();) {
    while (at < text.size() && !is_word(text[at])) ++at;
    const size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    if (at > begin) visit(text.substr(begin, at - begin));
  }
}

}  // namespace spillway::runtime
