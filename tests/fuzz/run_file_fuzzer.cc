// libFuzzer's entry. The first byte chooses whether pages are sealed; see run_file_fuzz.h.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/run_file_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const spillway::BytesView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  [[maybe_unused]] const auto read = spillway::spill::ReadFuzzedRunFile(bytes, data[0] % 2 == 0);
  return 0;
}
