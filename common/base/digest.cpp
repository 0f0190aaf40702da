#include "base/digest.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::base {

Result<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix)) {
    return Error::refused("base.digest", "'" + std::string(text.substr(0, 80)) +
                                             "' is not a sha256 digest (sha256:<64 hex digits>)");
  }
  return from_hex(text.substr(kPrefix.size()));
}

Result<Digest> Digest::from_hex(std::string_view hex) {
  const auto lower_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hex.size() != 64 || !std::ranges::all_of(hex, lower_hex)) {
    return Error::refused("base.digest",
                          "'" + std::string(hex.substr(0, 80)) + "' is not 64 lower-case hex digits");
  }
  auto bytes = decode_hex(hex);
  if (!bytes) return std::move(bytes).error();
  Raw raw{};
  std::ranges::copy(*bytes, raw.begin());
  return Digest(raw);
}

std::string Digest::hex() const {
  return encode_hex({reinterpret_cast<const char*>(raw_.data()), raw_.size()});
}

}  // namespace gridseal::base
