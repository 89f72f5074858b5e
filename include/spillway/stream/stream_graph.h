// The job as the user's program built it: nodes that make operators, and edges that know how to join them.
//
// Built on one thread by DataStream and its kin, then read by the runtime, which never learns the records' types: what
// needs them is a function that the typed side left here. Nodes are numbered in the order they were made, inputs first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/status.h"
#include "spillway/stream/operators/exchange_writer.h"
#include "spillway/stream/operators/operator.h"
#include "spillway/stream/source.h"

namespace spillway {

enum class Exchange {
  kForward,    // subtask i to subtask i; chained where it can be
  kHash,       // by key group
  kRebalance,  // all to all, in turn
};

// What does not depend on a source's record type.
class SourceHandle {
 public:
  virtual ~SourceHandle() = default;
  virtual Result<std::vector<SourceSplit>> DiscoverSplits() = 0;
  [[nodiscard]] virtual Status CheckRestored(const SourceSplit& split) = 0;
  [[nodiscard]] virtual std::optional<uint64_t> SplitSize(const SourceSplit& split) const = 0;
};

// What does not depend on a sink's record type.
class SinkHandle {
 public:
  virtual ~SinkHandle() = default;
  virtual Status Prepare(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) = 0;
  virtual Status Start(std::optional<uint64_t> restored_checkpoint, const std::vector<std::string>& committables) = 0;
  virtual Status Commit(const std::vector<std::string>& committables) = 0;
};

struct StreamEdge {
  uint32_t from = 0;
  Exchange exchange = Exchange::kForward;
  // Makes `to` read the output that the edge stands for.
  std::function<void(Operator& from, Input* to)> connect;
  std::function<std::unique_ptr<ExchangeWriter>(ExchangeTargets)> make_writer;
};

struct StreamNode {
  uint32_t id = 0;
  std::string name;                // unique; by it a checkpoint's state finds its operator again
  std::vector<StreamEdge> inputs;  // several: their union
  std::function<std::unique_ptr<Operator>()> make_operator;
  std::shared_ptr<SourceHandle> source;  // of a source
  std::shared_ptr<SinkHandle> sink;      // of a sink
  bool keyed = false;                    // has a backend of its own; then its only exchange is kHash
  std::string key_schema;                // of a keyed node: the key's serializer
};

struct StreamGraph {
  std::vector<StreamNode> nodes;
  Status error;  // the first thing that cannot be run as it was built
  void NoteError(Status status) {
    if (error.ok()) error = std::move(status);
  }
};

}  // namespace spillway
