// What the strict parser accepts must survive being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parsed = gridseal::base::parse_json({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const auto again = gridseal::base::parse_json(gridseal::base::dump_json(*parsed));
  if (!again || *again != *parsed) std::abort();
  return 0;
}
