// Signatures as cosign makes them with a key and without a log: for publishing, and for tests.
// `cosign verify --key` accepts both forms.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "crypto/private_key.hpp"

namespace gridseal::sigstore {

inline constexpr std::string_view kSimpleSigningMediaType =
    "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kBundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kSignatureAnnotation = "dev.cosignproject.cosign/signature";
inline constexpr std::string_view kSignPredicateType = "https://sigstore.dev/cosign/sign/v1";

// The payload of simple signing. `reference` is the repository without tag ("mirror.example/water/pumps").
std::string simple_signing_payload(std::string_view reference, const base::Digest& artifact,
                                   const std::map<std::string, std::string>& annotations = {});

// One layer for the tag sha256-<hex>.sig.
struct LegacySignature {
  std::string payload;                             // blob of kSimpleSigningMediaType
  std::map<std::string, std::string> annotations;  // of the layer: the signature
};

// ECDSA and RSA over SHA-256 whatever the curve, Ed25519 pure. Errors: those of PrivateKey::sign.
base::Result<LegacySignature> make_legacy_signature(
    const crypto::PrivateKey& key, std::string_view reference, const base::Digest& artifact,
    const std::map<std::string, std::string>& annotations = {});

// An in-toto statement with cosign's sign predicate about `artifact`.
std::string sign_statement(const base::Digest& artifact,
                           const std::map<std::string, std::string>& annotations = {});

// A bundle 0.3 with `statement` in a DSSE envelope; the hash is the curve's own, Ed25519 is pure.
base::Result<std::string> make_bundle(const crypto::PrivateKey& key, std::string_view statement);

// What a referrer manifest around such a bundle says besides its one layer (of kBundleMediaType):
// artifactType is kBundleMediaType, the config is the empty one, and these are its annotations.
std::map<std::string, std::string> bundle_manifest_annotations(std::string_view predicate_type);

// The legacy manifest of cosign with these layers, and the config blob it refers to.
struct SignatureImage {
  std::string manifest;
  std::string config;
};
SignatureImage make_legacy_manifest(const std::vector<LegacySignature>& signatures);

// The referrer manifest around one bundle.
std::string make_bundle_manifest(std::string_view bundle, const base::Digest& subject, uint64_t subject_size,
                                 std::string_view predicate_type = kSignPredicateType);

}  // namespace gridseal::sigstore
