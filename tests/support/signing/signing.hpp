// Artifacts and their signatures in memory, and those that real signers left in a registry.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/private_key.hpp"
#include "sigstore/cosign_sign.hpp"
#include "trust/verify.hpp"

namespace gridseal::test {

// A key pair for one test run.
crypto::PrivateKey new_key();

trust::PinnedKey pin(const std::string& name, const crypto::PublicKey& key);

// A trust state of these keys and a policy that any of them satisfies.
struct Trust {
  trust::TrustState state;
  trust::Policy policy;
};
Trust trust_in(std::vector<trust::PinnedKey> keys, std::map<std::string, std::string> annotations = {});

// An image manifest with these annotations, and evidence about it without any signature.
std::string image_manifest(const std::map<std::string, std::string>& annotations);
trust::Evidence unsigned_artifact(const std::map<std::string, std::string>& annotations = {});

// Signatures put where cosign puts them.
void add_legacy(trust::Evidence& evidence, const std::vector<sigstore::LegacySignature>& signatures);
void add_bundle(trust::Evidence& evidence, const std::string& bundle);
void sign_legacy(trust::Evidence& evidence, const crypto::PrivateKey& key,
                 const std::map<std::string, std::string>& annotations = {});
void sign_bundle(trust::Evidence& evidence, const crypto::PrivateKey& key,
                 const std::map<std::string, std::string>& annotations = {});

// What lies in `directory`: blobs/<hex>, tags.json, *.pub. The artifact is the one under tag v1.
trust::Evidence load_registry(const std::string& directory);

// The bytes of a manifest or a signature.
std::string text_of(const base::Blob& blob);
// The content of the first signature.
std::string first_blob(const trust::Evidence& evidence);
trust::PinnedKey load_pinned(const std::string& path);
std::string read_text(const std::string& path);

}  // namespace gridseal::test
