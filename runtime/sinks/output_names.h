// The names of the files of one sink, and the committables that stand for them in checkpoints. FORMAT.md describes
// both.
//
// Plain values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/status.h"

namespace spillway::runtime {

// What the checkpoint `checkpoint_id` sealed of one subtask's output.
struct OutputPart {
  uint64_t checkpoint_id = 0;
  uint32_t subtask = 0;
  friend bool operator==(const OutputPart&, const OutputPart&) = default;
};

class OutputNames {
 public:
  // `sink`: [A-Za-z0-9._-]+, beginning with a letter or digit; `suffix`: ".csv".
  OutputNames(std::string sink, std::string suffix) : sink_(std::move(sink)), suffix_(std::move(suffix)) {}

  [[nodiscard]] const std::string& sink() const { return sink_; }
  [[nodiscard]] std::string Committed(const OutputPart& part) const;
  [[nodiscard]] std::string Pending(const OutputPart& part) const;
  [[nodiscard]] std::string InProgress(uint32_t subtask) const;

  // The part whose committed or pending file has this name; nullopt for all other names.
  [[nodiscard]] std::optional<OutputPart> ParseCommitted(std::string_view name) const;
  [[nodiscard]] std::optional<OutputPart> ParsePending(std::string_view name) const;
  [[nodiscard]] bool IsInProgress(std::string_view name) const;

 private:
  std::string sink_;
  std::string suffix_;
};

struct Committable {
  uint64_t directory_id = 0;
  std::string sink;
  OutputPart part;
  uint64_t bytes = 0;
  uint64_t lines = 0;

  // Else it only says which directory the checkpoint belongs to.
  [[nodiscard]] bool has_file() const { return lines > 0; }
  [[nodiscard]] std::string Encode() const;
  static Result<Committable> Decode(std::string_view bytes);
};

}  // namespace spillway::runtime
