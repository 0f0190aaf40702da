// Version ranges: whatever parses can be asked.
#include <cstdint>

#include "oci/semver_range.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto range = oci::SemverRange::parse(text);
  if (!range) return 0;
  (void)oci::newest({"v1.2.3", "0.0.0", "2.0.0-rc.1", "latest", text}, *range);
  return 0;
}
