// References, revisions and tags: what parses prints as something that parses to the same.
#include <cstdint>
#include <cstdlib>

#include "oci/layout.hpp"
#include "oci/reference.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (auto reference = oci::Reference::parse(text)) {
    auto again = oci::Reference::parse(reference->to_string());
    if (!again || !(*again == *reference)) std::abort();
  }
  if (auto revision = oci::Revision::parse(text); revision && revision->to_string() != text) std::abort();
  (void)oci::LayoutReference::parse(text);
  (void)oci::is_tag(text);
  return 0;
}
