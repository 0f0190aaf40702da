#include "sigstore/artifact.hpp"

#include <utility>

namespace gridseal::sigstore {

using base::Error;
using base::Result;

namespace {

size_t index_of(crypto::Hash hash) {
  return static_cast<size_t>(hash);
}

}  // namespace

Artifact Artifact::of_bytes(std::string_view bytes) {
  Artifact artifact;
  artifact.bytes_ = bytes;
  return artifact;
}

Result<Artifact> Artifact::of_digest(crypto::Hash hash, std::string_view raw) {
  constexpr std::array<size_t, 3> kSizes{32, 48, 64};
  if (raw.size() != kSizes.at(index_of(hash)))
    return Error::refused("artifact.digest_mismatch",
                          "the artifact's digest is no " + std::string(crypto::to_string(hash)) + " digest");
  Artifact artifact;
  artifact.digests_.at(index_of(hash)) = raw;
  return artifact;
}

Artifact Artifact::of_digest(const base::Digest& digest) {
  Artifact artifact;
  artifact.digests_.at(index_of(crypto::Hash::sha256)).assign(digest.raw().begin(), digest.raw().end());
  return artifact;
}

std::optional<std::string_view> Artifact::bytes() const {
  if (held_) return std::string_view(*held_);
  return bytes_;
}

std::optional<std::string> Artifact::digest(crypto::Hash hash) const {
  if (const std::string& known = digests_.at(index_of(hash)); !known.empty()) return known;
  if (bytes_) return crypto::hash_of(hash, *bytes_);
  return std::nullopt;
}

void ArtifactReader::update(std::string_view piece) {
  for (crypto::StreamHash& hash : hashes_) hash.update(piece);
  few_ = few_ && piece.size() <= kMaxHeld - held_.size();
  if (few_)
    held_ += piece;
  else
    held_ = std::string();
}

Artifact ArtifactReader::finish() {
  Artifact artifact;
  for (size_t i = 0; i < hashes_.size(); ++i) artifact.digests_.at(i) = hashes_.at(i).finish();
  if (few_) {
    held_.shrink_to_fit();
    artifact.held_ = std::make_shared<const std::string>(std::move(held_));
  }
  return artifact;
}

}  // namespace gridseal::sigstore
