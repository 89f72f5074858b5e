#include "runtime/sources/text_source.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

#include "tests/support/temporary_folder.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

// Of one frame or, when `frame_bytes` says so, of several.
std::string Compressed(std::string_view text, size_t frame_bytes = SIZE_MAX) {
  std::string out;
  do {
    const std::string_view frame = text.substr(0, frame_bytes);
    std::string piece(ZSTD_compressBound(frame.size()), '\0');
    piece.resize(ZSTD_compress(piece.data(), piece.size(), frame.data(), frame.size(), 3));
    out += piece;
    text.remove_prefix(frame.size());
  } while (!text.empty());
  return out;
}

std::string ManyLines(size_t lines) {
  std::mt19937_64 random(1);  // a fixed seed: the same text in every run
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    text += std::to_string(i) + " " + std::string(random() % 200, static_cast<char>('a' + random() % 26));
    for (int word = 0; word < 4; ++word) text += " " + std::to_string(random());
    text += '\n';
  }
  return text;
}

class TextSourceTest : public testing::Test {
 protected:
  TextSource Source(const fs::path& path, bool strict = false) {
    Count(strict);
    return TextSource({path}, bad_input_);
  }
  void Count(bool strict) {
    bad_input_ = std::make_shared<BadInput>(strict, [this](const std::string& report) { reports_.push_back(report); });
  }

  // Reads a split to its end, opening it again behind every `reopen`-th batch.
  Result<std::vector<TextLine>> ReadFrom(TextSource& source, SourceSplit split, size_t batch,
                                         size_t reopen = SIZE_MAX) {
    std::vector<TextLine> lines;
    SPILLWAY_ASSIGN_OR_RETURN(auto reader, source.OpenSplit(split));
    for (size_t batches = 1;; ++batches) {
      SPILLWAY_ASSIGN_OR_RETURN(const bool more, reader->Read(batch, &lines));
      if (!more) return lines;
      if (batches % reopen == 0) {
        split.position = reader->Position();
        SPILLWAY_ASSIGN_OR_RETURN(reader, source.OpenSplit(split));
      }
    }
  }

  std::vector<TextLine> LinesOf(std::string_view content) {
    const fs::path path = folder_.Write("input", content);
    Count(/*strict=*/false);
    source_ = std::make_unique<TextSource>(std::vector{path}, bad_input_);
    auto lines = ReadFrom(*source_, {path.string(), {}}, 100);
    EXPECT_TRUE(lines.ok()) << lines.status().ToString();
    return lines.ok() ? *lines : std::vector<TextLine>();
  }

  static std::vector<std::string> TextsOf(const std::vector<TextLine>& lines) {
    std::vector<std::string> texts;
    for (const TextLine& line : lines) texts.push_back(line.text);
    return texts;
  }

  const TemporaryFolder folder_;
  std::shared_ptr<BadInput> bad_input_;
  std::unique_ptr<TextSource> source_;
  std::vector<std::string> reports_;
};

using Texts = std::vector<std::string>;

TEST_F(TextSourceTest, CutsLinesHoweverTheyEnd) {
  EXPECT_EQ(TextsOf(LinesOf("")), Texts{});
  EXPECT_EQ(TextsOf(LinesOf("\n")), Texts{""});
  EXPECT_EQ(TextsOf(LinesOf("a\nb\n")), (Texts{"a", "b"}));
  EXPECT_EQ(TextsOf(LinesOf("a\nb")), (Texts{"a", "b"})) << "a last line without newline counts";
  EXPECT_EQ(TextsOf(LinesOf("a\r\nb\r\n\r\n")), (Texts{"a", "b", ""}));
  EXPECT_EQ(TextsOf(LinesOf(std::string_view("\0\xff\n\x80", 4))), (Texts{std::string("\0\xff", 2), "\x80"}));
  EXPECT_EQ(TextsOf(LinesOf("abc")), Texts{"abc"}) << "shorter than the magic number of zstd";
  EXPECT_EQ(TextsOf(LinesOf(Compressed("a\nb"))), (Texts{"a", "b"})) << "zstd by its magic, not by its name";
  EXPECT_EQ(TextsOf(LinesOf(Compressed(""))), Texts{});
}

TEST_F(TextSourceTest, LinesKnowTheirFileAndNumber) {
  const auto lines = LinesOf("a\nb\n");
  EXPECT_EQ(lines[1].file, (folder_ / "input").string());
  EXPECT_EQ(lines[1].line, 2u);
}

TEST_F(TextSourceTest, ResumesAtEveryPositionPlainAndCompressed) {
  const std::string text = ManyLines(3000);
  for (const std::string& content : {text, Compressed(text), Compressed(text, 10'000)}) {
    const auto whole = LinesOf(content);
    ASSERT_EQ(whole.size(), 3000u);
    const auto resumed = ReadFrom(*source_, {(folder_ / "input").string(), {}}, 41, 1);
    ASSERT_TRUE(resumed.ok()) << resumed.status().ToString();
    ASSERT_EQ(TextsOf(*resumed), TextsOf(whole));
    EXPECT_EQ(resumed->back().line, 3000u);
  }
}

TEST_F(TextSourceTest, OverlongLinesAreLeftOutAndReported) {
  const std::string fits(kLineBytesMax, 'x');
  const auto lines =
      LinesOf("a\n" + fits + "\n" + fits + "x\nb\n" + std::string(5 * kLineBytesMax, 'y') + "\nc\n" + fits + "xx");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1].text.size(), kLineBytesMax);
  EXPECT_EQ(lines[2].text, "b");
  EXPECT_EQ(lines[3].text, "c");
  EXPECT_EQ(lines[3].line, 6u);
  EXPECT_EQ(bad_input_->count(), 3u);
  ASSERT_EQ(reports_.size(), 3u);
  EXPECT_EQ(reports_[1], (folder_ / "input").string() +
                             ":5: a line of 5242880 bytes is left out; the longest that is read has 1048576");
}

// A damaged file gives the same lines before the damage in every run, however it is read and resumed: a job that is
// restored must neither miss nor repeat one.
TEST_F(TextSourceTest, DamagedCompressedFilesGiveTheSameLinesHoweverTheyAreRead) {
  const std::string text = ManyLines(8000);
  std::string damaged = Compressed(text);
  damaged[damaged.size() / 2] ^= 0x55;
  const std::string cut = Compressed(text).substr(0, damaged.size() / 2);
  for (const std::string& content : {damaged, cut}) {
    const auto whole = TextsOf(LinesOf(content));
    EXPECT_EQ(bad_input_->count(), 1u);
    ASSERT_EQ(reports_.size(), 1u);
    EXPECT_NE(reports_[0].find("compressed data is damaged after"), std::string::npos) << reports_[0];
    EXPECT_NE(reports_[0].find(":" + std::to_string(whole.size() + 1) + ": "), std::string::npos) << reports_[0];
    reports_.clear();
    EXPECT_GT(whole.size(), 1000u);
    EXPECT_LT(whole.size(), 8000u);
    const auto resumed = ReadFrom(*source_, {(folder_ / "input").string(), {}}, 97, 1);
    ASSERT_TRUE(resumed.ok()) << resumed.status().ToString();
    EXPECT_EQ(TextsOf(*resumed), whole);
    reports_.clear();
  }
}

TEST_F(TextSourceTest, CompressedFilesCutOffInTheirFirstBytesAreDamaged) {
  const std::string frame = Compressed("a\nb\n");
  for (size_t size = 0; size < 8; ++size) {
    const fs::path path = folder_.Write("in.zst", frame.substr(0, size));
    TextSource source = Source(path);
    const auto lines = ReadFrom(source, {path.string(), {}}, 100);
    ASSERT_TRUE(lines.ok()) << lines.status().ToString();
    EXPECT_EQ(TextsOf(*lines), Texts{});
    ASSERT_EQ(reports_.size(), 1u) << size << " bytes";
    EXPECT_NE(reports_[0].find(path.string() + ":1: compressed data is damaged after 0 bytes of text, near byte " +
                               std::to_string(size) + " of the file: the file is cut off"),
              std::string::npos)
        << reports_[0];
    reports_.clear();
  }
  EXPECT_EQ(TextsOf(LinesOf(frame.substr(0, 3))).size(), 1u) << "by another name it is text";
}

TEST_F(TextSourceTest, StrictJobsEndAtBadInput) {
  const fs::path path = folder_.Write("input", Compressed(ManyLines(100)).substr(0, 2000));
  TextSource source = Source(path, /*strict=*/true);
  const auto lines = ReadFrom(source, {path.string(), {}}, 100);
  ASSERT_FALSE(lines.ok());
  EXPECT_NE(lines.status().message().find(path.string() + ":1: compressed data is damaged"), std::string::npos)
      << lines.status().ToString();
}

TEST_F(TextSourceTest, BytesBehindAFrameThatAreNotZstdAreDamage) {
  const auto lines = LinesOf(Compressed("a\nb\n") + "garbage that follows");
  EXPECT_EQ(TextsOf(lines), (Texts{"a", "b"}));
  EXPECT_EQ(bad_input_->count(), 1u);
}

TEST_F(TextSourceTest, FilesThatVanishOrChangeAreErrors) {
  const fs::path path = folder_.Write("input", "a\nb\nc\n");
  TextSource source = Source(path);
  ASSERT_TRUE(source.DiscoverSplits().ok());
  auto reader = source.OpenSplit({path.string(), {}});
  std::vector<TextLine> lines;
  ASSERT_TRUE(*(*reader)->Read(2, &lines));
  const std::string position = (*reader)->Position();
  folder_.Write("input", "a\n");
  for (const Status& status :
       {source.OpenSplit({path.string(), position}).status(), source.CheckRestored({path.string(), position})}) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidState);
    EXPECT_NE(status.message().find(path.string() + " had 6 bytes when the checkpoint was taken and has 2 now"),
              std::string::npos)
        << status.message();
  }
  folder_.Write("input", Compressed("a\n"));
  EXPECT_TRUE(source.OpenSplit({path.string(), {}}).ok());
  fs::remove(path);
  EXPECT_EQ(source.OpenSplit({path.string(), {}}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(source.OpenSplit({folder_.path().string(), {}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(source.OpenSplit({path.string(), "\x07"}).status().code(), StatusCode::kCorruption);
}

TEST_F(TextSourceTest, ARestoreNoticesFilesThatChangedInPlace) {
  for (const size_t size : {size_t{1000}, size_t{128} << 10, size_t{1} << 20}) {
    for (const bool compressed : {false, true}) {
      std::string before = ManyLines(size / 100).substr(0, size);
      if (compressed) before = Compressed(before);
      const fs::path path = folder_.Write("input", before);
      TextSource source = Source(path);
      auto reader = source.OpenSplit({path.string(), {}});
      std::vector<TextLine> lines;
      ASSERT_TRUE(*(*reader)->Read(2, &lines));
      const SourceSplit begun{path.string(), (*reader)->Position()};
      EXPECT_TRUE(source.CheckRestored(begun).ok());

      folder_.Write("input", before + "more");
      EXPECT_TRUE(source.CheckRestored(begun).ok()) << "what is appended comes after what was read";
      EXPECT_TRUE(source.OpenSplit(begun).ok());
      for (const size_t changed : {size_t{0}, before.size() - 1}) {
        std::string after = before;
        after[changed] ^= 1;
        folder_.Write("input", after);
        const Status status = source.CheckRestored(begun);
        EXPECT_EQ(status.code(), StatusCode::kInvalidState) << size << " bytes, byte " << changed << " changed";
        EXPECT_NE(status.message().find(path.string()), std::string::npos) << status.message();
        EXPECT_FALSE(source.OpenSplit(begun).ok());
      }
    }
  }
}

TEST_F(TextSourceTest, SplitsAreTheFilesWithTheirSizes) {
  folder_.Write("in/b", "22");
  folder_.Write("in/a", "1");
  TextSource source = Source(folder_ / "in");
  const auto splits = source.DiscoverSplits();
  ASSERT_TRUE(splits.ok());
  ASSERT_EQ(splits->size(), 2u);
  EXPECT_EQ((*splits)[0].id, (folder_ / "in/a").string());
  EXPECT_EQ(source.SplitSize((*splits)[1]), 2u);
  fs::create_directory(folder_ / "empty");
  TextSource empty = Source(folder_ / "empty");
  EXPECT_EQ(empty.DiscoverSplits().status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace spillway::runtime
