// The CBOR reader: what it accepts, it gives back byte for byte.
#include <cstdint>
#include <cstdlib>

#include "notation/cbor.hpp"

using namespace gridseal::notation;

namespace {

std::string encode(const cbor::Value& value) {
  std::string out = cbor::encode_head(value.kind, value.number);
  out.append(value.content);
  for (const cbor::Value& item : value.items) out += encode(item);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto value = cbor::parse(bytes);
  if (value && (encode(*value) != bytes || value->raw != bytes)) std::abort();
  return 0;
}
