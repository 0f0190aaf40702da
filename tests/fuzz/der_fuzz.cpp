// Every reader of the DER module on the same bytes.
#include <cstdint>
#include <string_view>

#include "crypto/der.hpp"

using gridseal::crypto::der::Reader;

namespace {

void walk(Reader reader) {
  while (!reader.at_end()) {
    for (auto read :
         {+[](Reader r) { return r.oid().has_value(); }, +[](Reader r) { return r.bit_string().has_value(); },
          +[](Reader r) { return r.small_integer().has_value(); },
          +[](Reader r) { return r.unsigned_integer().has_value(); },
          +[](Reader r) { return r.null().has_value(); }}) {
      (void)read(reader);
    }
    Reader copy = reader;
    if (const auto tag = copy.peek(); tag && (*tag & 0x20U) != 0) {
      if (auto inner = copy.enter(*tag)) walk(*inner);
    }
    if (!reader.next()) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walk(Reader({reinterpret_cast<const char*>(data), size}));
  return 0;
}
