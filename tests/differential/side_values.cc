// Values and lists of a side.
#include <cstring>

#include "spillway/key_groups.h"
#include "tests/differential/side.h"

namespace spillway::differential {

using conformance::ShowCode;
using conformance::TextOf;
using plugin::ToBytes;

// Every byte is written, so that a lost or a foreign one shows.
std::string Side::Update(const Operation& operation, bool at_once) {
  plugin::Error err;
  spw_mut_view view{};
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  const uint64_t create_size = operation.slot % 3 == 0 ? SPW_DO_NOT_CREATE : operation.size % 300;
  const std::string key = Key(operation.key);
  const spw_code code = at_once ? ValueState(operation).ValueGetForUpdateAt(ToBytes(key), KeyGroupOf(key, 128), ns,
                                                                            create_size, &view, err)
                                : ValueState(operation).ValueGetForUpdate(ns, create_size, &view, err);
  if (code != SPW_OK) return ShowCode(code);
  const std::string current = current_key_;
  if (at_once) current_key_ = key;
  Written(ValuePlace(operation));
  current_key_ = current;
  std::string before(reinterpret_cast<const char*>(view.data), view.size);
  for (uint64_t i = 0; i < view.size; ++i) view.data[i] = static_cast<uint8_t>(view.data[i] + operation.content + i);
  return "created " + std::to_string(view.created) + " " + before;
}

std::string Side::DoValue(const Operation& operation) {
  const plugin::State& state = ValueState(operation);
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  plugin::Error err;
  spw_view view{};
  const std::string content = Content(operation);
  switch (operation.action) {
    case Action::kValueGet: {
      const spw_code code = state.ValueGet(ns, &view, err);
      return ShowCode(code) + (code == SPW_OK ? TextOf(view) : "");
    }
    case Action::kValuePut: {
      Written(ValuePlace(operation));
      const bool null = operation.content % 16 == 0;
      return ShowCode(state.ValuePut(ns, null ? plugin::NullBytes() : ToBytes(content), err));
    }
    case Action::kValueClear:
      return ShowCode(state.Clear(ns, err));
    default:
      return Update(operation, operation.action == Action::kValueUpdateAt);
  }
}

std::string Side::DoList(const Operation& operation) {
  const plugin::State& state = states_[2];
  const spw_bytes ns = ToBytes(Namespace(operation.state_namespace));
  plugin::Error err;
  std::vector<std::string> elements;
  for (uint32_t i = 0; i < operation.slot % 4; ++i) elements.push_back(Content(operation) + std::to_string(i));
  const std::vector<spw_bytes> bytes = conformance::BytesOf(elements);
  switch (operation.action) {
    case Action::kListAppend:
      return ShowCode(state.ListAppend(ns, bytes.data(), bytes.size(), err));
    case Action::kListReplace:
      return ShowCode(state.ListReplace(ns, bytes.data(), bytes.size(), err));
    case Action::kListClear:
      return ShowCode(state.Clear(ns, err));
    case Action::kListMerge: {
      std::vector<spw_bytes> sources;
      for (uint64_t i = 0; i < 4; ++i) {
        if ((operation.content & (1u << i)) != 0) sources.push_back(ToBytes(Namespace((i + operation.size) % 4)));
      }
      return ShowCode(state.MergeNamespaces(ns, sources.data(), sources.size(), err));
    }
    default: {
      plugin::Iterator iterator;
      const spw_code code = state.ListIterate(ns, &iterator, err);
      return ShowCode(code) + (iterator ? Drain(iterator, true, operation.size % 5 + 1) : "");
    }
  }
}

}  // namespace spillway::differential
