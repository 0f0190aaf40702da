// What a signature is over, or is held against: bytes, or bytes that are known by their digests only.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "crypto/stream_hash.hpp"

namespace gridseal::sigstore {

class Artifact {
 public:
  Artifact() = default;  // nothing is known of it
  // The bytes must outlive the value.
  static Artifact of_bytes(std::string_view bytes);
  // Errors (refused): artifact.digest_mismatch when `raw` is no digest of that hash.
  static base::Result<Artifact> of_digest(crypto::Hash hash, std::string_view raw);
  static Artifact of_digest(const base::Digest& digest);

  // The bytes, where they are at hand.
  std::optional<std::string_view> bytes() const;
  // Its digest of that kind, when it is known or can be computed.
  std::optional<std::string> digest(crypto::Hash hash) const;

 private:
  friend class ArtifactReader;
  std::optional<std::string_view> bytes_;
  std::shared_ptr<const std::string> held_;
  std::array<std::string, 3> digests_;  // raw, by hash; empty: not known
};

// Takes an artifact that comes in pieces: all its digests, and the bytes too as long as they are few. Only
// pure Ed25519 needs those.
class ArtifactReader {
 public:
  static constexpr size_t kMaxHeld = size_t{1} << 20U;

  void update(std::string_view piece);
  Artifact finish();  // once

 private:
  std::array<crypto::StreamHash, 3> hashes_{crypto::StreamHash{crypto::Hash::sha256},
                                            crypto::StreamHash{crypto::Hash::sha384},
                                            crypto::StreamHash{crypto::Hash::sha512}};
  bool few_ = true;
  std::string held_;
};

}  // namespace gridseal::sigstore
