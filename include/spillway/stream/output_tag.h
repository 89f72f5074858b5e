// Names a side output: a second, differently typed result of an operator.
//
// A plain value. Functions emit with Context::Output(tag, value); DataStream::SideOutput(tag) is the stream of what
// they emitted. A tag means the same wherever its id and its type are the same; the id is unique within its operator.
#pragma once

#include <string>
#include <utility>

namespace spillway {

template <typename T>
class OutputTag {
 public:
  using Type = T;
  explicit OutputTag(std::string id) : id_(std::move(id)) {}
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  std::string id_;
};

}  // namespace spillway
