// abi.h as text: its structs, and its slots with what their comments promise. Plain values, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::abi_test {

struct Slot {
  std::string structure;  // "spw_backend_api"
  std::string name;
  size_t line = 0;
  std::string thread_tag;                 // "owner-thread", "any-thread", "snapshot-thread"; empty when there is none
  bool required = false;                  // by its comment, or by its section's when that names no capability
  std::vector<std::string> capabilities;  // by its comment, else by its section's: "VALUE"
};

struct Structure {
  std::string name;
  size_t line = 0;
  std::string comment;  // before it
  std::string first_field;
};

struct HeaderText {
  std::vector<Structure> structures;
  std::vector<Slot> slots;
  std::string code;  // without comments
};

[[nodiscard]] HeaderText ParseHeader(std::string_view text);

}  // namespace spillway::abi_test
