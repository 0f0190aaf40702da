// Settings files as an operator, or an accident, may leave them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal::config;
  const std::string text(reinterpret_cast<const char*>(data), size);  // NOLINT: libFuzzer's own byte type
  auto loaded =
      parse({{"agent.toml", text}, {"conf.d/site.toml", "[site]\nname = \"s\"\n"}}, "/etc/gridseal");
  if (!loaded) {
    if (loaded.error().list.empty() || loaded.error().to_string().empty()) std::abort();
    return 0;
  }
  // What is shown means the same when it is read again.
  const std::string shown = show(*loaded);
  auto again = parse({{"agent.toml", shown}}, "/etc/gridseal");
  if (!again || show(*again).size() < 100) std::abort();
  return 0;
}
