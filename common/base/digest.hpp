// A content digest as OCI writes it: "sha256:<64 lower-case hex>" (OCI image spec, descriptor.md "Digests").
// Only sha256 is accepted; hashing itself is in crypto.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::base {

class Digest {
 public:
  using Raw = std::array<uint8_t, 32>;

  explicit Digest(const Raw& raw) : raw_(raw) {}

  // Errors (refused): base.digest.
  static Result<Digest> parse(std::string_view text);
  static Result<Digest> from_hex(std::string_view hex);

  const Raw& raw() const { return raw_; }
  std::string hex() const;
  std::string to_string() const { return "sha256:" + hex(); }
  // "sha256:0123456789ab", for tables.
  std::string short_form() const { return to_string().substr(0, 19); }

  friend bool operator==(const Digest&, const Digest&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): the check misreads a defaulted comparison
  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  Raw raw_;
};

}  // namespace gridseal::base
