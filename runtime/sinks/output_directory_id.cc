#include "runtime/sinks/output_directory_id.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <random>

#include "runtime/sinks/output_file.h"

namespace spillway::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinishedName = ".output-id.unfinished";
constexpr size_t kDigits = 16;

}  // namespace

Result<std::optional<uint64_t>> ReadOutputDirectoryId(const fs::path& directory) {
  const fs::path path = directory / kOutputDirectoryIdName;
  // Without O_NONBLOCK a FIFO of that name would hold the thread for ever.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::optional<uint64_t>();
  if (descriptor < 0) return FileError("open", path, errno);
  std::array<char, kDigits + 2> text{};  // one more than there should be
  const ssize_t got = read(descriptor, text.data(), text.size());
  const int failed = got < 0 ? errno : 0;
  close(descriptor);
  if (failed != 0) return FileError("read", path, failed);
  uint64_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + kDigits, id, 16);
  if (got != kDigits + 1 || text[kDigits] != '\n' || parsed.ec != std::errc() || parsed.ptr != text.data() + kDigits) {
    return Status::Corruption(fmt::format("{} does not hold the id of an output directory", path.string()));
  }
  return std::optional(id);
}

Result<uint64_t> RenewOutputDirectoryId(const fs::path& directory) {
  std::random_device random;
  const uint64_t id = (uint64_t{random()} << 32) | random();
  const fs::path unfinished = directory / kUnfinishedName;
  {
    SPILLWAY_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::Create(unfinished));
    SPILLWAY_RETURN_IF_ERROR(file->Append(fmt::format("{:0{}x}\n", id, kDigits)));
    SPILLWAY_RETURN_IF_ERROR(file->Seal());
  }
  SPILLWAY_RETURN_IF_ERROR(RenameFile(unfinished, directory / kOutputDirectoryIdName));
  SPILLWAY_RETURN_IF_ERROR(SyncDirectory(directory));
  return id;
}

}  // namespace spillway::runtime
