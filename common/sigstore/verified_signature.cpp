#include "sigstore/verified_signature.hpp"

#include <algorithm>
#include <utility>

namespace gridseal::sigstore {

using base::Error;
using base::Result;

namespace {

size_t size_of(crypto::Hash hash) {
  switch (hash) {
    case crypto::Hash::sha384:
      return 48;
    case crypto::Hash::sha512:
      return 64;
    default:
      return 32;
  }
}

}  // namespace

Artifact Artifact::of_bytes(std::string_view bytes) {
  Artifact artifact;
  artifact.bytes_ = bytes;
  return artifact;
}

Result<Artifact> Artifact::of_digest(crypto::Hash hash, std::string_view raw) {
  if (raw.size() != size_of(hash))
    return Error::refused("artifact.digest_mismatch",
                          "the artifact's digest is no " + std::string(crypto::to_string(hash)) + " digest");
  Artifact artifact;
  artifact.hash_ = hash;
  artifact.digest_ = raw;
  return artifact;
}

Artifact Artifact::of_digest(const base::Digest& digest) {
  Artifact artifact;
  artifact.digest_.assign(digest.raw().begin(), digest.raw().end());
  return artifact;
}

std::optional<std::string> Artifact::digest(crypto::Hash hash) const {
  if (bytes_) return crypto::hash_of(hash, *bytes_);
  if (hash == hash_) return digest_;
  return std::nullopt;
}

std::string_view to_string(TimeSource source) {
  switch (source) {
    case TimeSource::log:
      return "log";
    case TimeSource::timestamp_authority:
      return "timestamp authority";
    case TimeSource::signing_authority:
      return "signing authority";
    case TimeSource::caller:
      return "caller";
  }
  return "";
}

bool is_proof(TimeSource source) {
  return source == TimeSource::log || source == TimeSource::timestamp_authority;
}

Result<const Subject*> check_statement_subject(const Statement& statement, const base::Digest& artifact) {
  if (const Subject* subject = find_subject(statement, artifact)) return subject;
  return Error::refused("intoto.subject_mismatch",
                        "the signed statement is not about this artifact: it was moved here");
}

}  // namespace gridseal::sigstore
