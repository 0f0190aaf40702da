// SHA-2 (FIPS 180-4) over nettle.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/blob.hpp"
#include "base/digest.hpp"

namespace gridseal::crypto {

enum class Hash { sha256, sha384, sha512 };

std::string_view to_string(Hash hash);  // "sha256"

// The raw hash value: 32, 48 or 64 bytes.
std::string hash_of(Hash hash, std::string_view bytes);

base::Digest sha256(std::string_view bytes);
base::Result<base::Digest> sha256_of(const base::Blob& blob);  // errors: those of Blob::read
std::string sha384(std::string_view bytes);
std::string sha512(std::string_view bytes);

// SHA-256 of a stream. A copy continues on its own.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  // The digest of everything since construction or the last finish(); then begins anew.
  base::Digest finish();

 private:
  static constexpr size_t kStateSize = 128;
  alignas(16) std::array<std::byte, kStateSize> state_{};
};

}  // namespace gridseal::crypto
