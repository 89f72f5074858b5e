#include "runtime/sinks/output_names.h"

#include <fmt/format.h>

#include <charconv>

#include "spillway/bytes.h"

namespace spillway::runtime {
namespace {

constexpr uint8_t kCommittableVersion = 2;
constexpr std::string_view kPendingSuffix = ".pending";
constexpr std::string_view kInProgressSuffix = ".in-progress";

template <typename T>
bool ParseNumber(std::string_view text, T* number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *number);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(std::string_view* text, std::string_view suffix) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

std::string PartName(const std::string& sink, const OutputPart& part) {
  return fmt::format("{}-{:08}-{:05}", sink, part.checkpoint_id, part.subtask);
}

std::optional<OutputPart> ParsePart(std::string_view name, std::string_view sink) {
  OutputPart part;
  if (!TakePrefix(&name, sink) || !TakePrefix(&name, "-")) return std::nullopt;
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos || !ParseNumber(name.substr(0, dash), &part.checkpoint_id) ||
      !ParseNumber(name.substr(dash + 1), &part.subtask)) {
    return std::nullopt;
  }
  return part;
}

}  // namespace

std::string OutputNames::Committed(const OutputPart& part) const {
  return PartName(sink_, part) + suffix_;
}

std::string OutputNames::Pending(const OutputPart& part) const {
  return fmt::format(".{}{}", PartName(sink_, part), kPendingSuffix);
}

std::string OutputNames::InProgress(uint32_t subtask) const {
  return fmt::format(".{}-{:05}{}", sink_, subtask, kInProgressSuffix);
}

std::optional<OutputPart> OutputNames::ParseCommitted(std::string_view name) const {
  return TakeSuffix(&name, suffix_) ? ParsePart(name, sink_) : std::nullopt;
}

std::optional<OutputPart> OutputNames::ParsePending(std::string_view name) const {
  return TakePrefix(&name, ".") && TakeSuffix(&name, kPendingSuffix) ? ParsePart(name, sink_) : std::nullopt;
}

bool OutputNames::IsInProgress(std::string_view name) const {
  uint32_t subtask = 0;
  return TakePrefix(&name, ".") && TakeSuffix(&name, kInProgressSuffix) && TakePrefix(&name, sink_) &&
         TakePrefix(&name, "-") && ParseNumber(name, &subtask);
}

std::string Committable::Encode() const {
  std::string out;
  ByteWriter writer(&out);
  writer.Fixed(kCommittableVersion);
  writer.Fixed(directory_id);
  writer.Framed(sink);
  writer.Varint(part.checkpoint_id);
  writer.Varint(part.subtask);
  writer.Varint(bytes);
  writer.Varint(lines);
  return out;
}

Result<Committable> Committable::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.Fixed<uint8_t>();
  Committable committable;
  committable.directory_id = reader.Fixed<uint64_t>();
  committable.sink = std::string(reader.Framed());
  committable.part.checkpoint_id = reader.Varint();
  const uint64_t subtask = reader.Varint();
  committable.part.subtask = static_cast<uint32_t>(subtask);
  committable.bytes = reader.Varint();
  committable.lines = reader.Varint();
  if (reader.ok() && version != kCommittableVersion) {
    return Status::VersionMismatch(fmt::format("a checkpoint holds output of format version {}; this program knows {}",
                                               version, kCommittableVersion));
  }
  if (!reader.ok() || !reader.AtEnd() || subtask > UINT32_MAX) {
    return Status::Corruption("a checkpoint holds a reference to output that cannot be read");
  }
  return committable;
}

}  // namespace spillway::runtime
