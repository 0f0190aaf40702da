// What is read from a terminal and is JSON again can be armoured, and reads as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/armour.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal::media;
  const auto read = read_armour({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  const auto text = armour(read->content);
  if (!text) return 0;
  const auto again = read_armour(*text);
  if (!again || again->content != read->content) std::abort();
  return 0;
}
