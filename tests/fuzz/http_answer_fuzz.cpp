// The guard over answers: the same bytes in one piece and byte by byte lead to the same end.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/response_guard.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gridseal::http::ResponseGuard;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ResponseGuard whole(false);
  const bool good = whole.feed(bytes).has_value();
  ResponseGuard slow(false);
  bool slow_good = true;
  for (size_t i = 0; i < size && slow_good; ++i) slow_good = slow.feed(bytes.substr(i, 1)).has_value();
  if (good != slow_good) std::abort();
  if (good && whole.complete() != slow.complete()) std::abort();
  return 0;
}
