// An accepted address prints to one that is accepted and means the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/transport.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gridseal::http::Url;
  if (size > 7900) return 0;  // printing may add a slash, and addresses are bounded
  const auto url = Url::parse({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  const auto again = Url::parse(url->origin.to_string() + url->target);
  if (!again || !(again->origin == url->origin) || again->target != url->target) std::abort();
  return 0;
}
