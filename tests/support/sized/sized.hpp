// Good signatures of every kind, filled up to a size: for what a verification holds at most.
#pragma once

#include <string>
#include <vector>

#include "support/notary/notary.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::test {

// The same with each manifest and signature in a file of this directory, as in a store.
trust::Evidence in_files(trust::Evidence evidence, const std::string& directory);

inline constexpr const char* kScan = "https://acme.example/scan/v1";  // a predicate type

class SizedSignatures {
 public:
  explicit SizedSignatures(trust::Evidence artifact) : artifact_(std::move(artifact)) {}

  const crypto::PrivateKey& key() const { return key_; }
  std::string notation_root() const { return authority_.root.certificate.to_pem(); }  // PEM

  // A statement about the artifact; its predicate holds {"result": "passed"} and a text of `fill` bytes.
  std::string statement(const std::string& type, size_t fill) const;

  // The artifact with one signature, of `size` bytes or the fewest that it can have.
  trust::Evidence bundle(const std::string& type, size_t size) const;
  trust::Evidence attached(size_t size) const;        // a bare envelope of kScan
  trust::Evidence simple_signing(size_t size) const;  // the payload
  trust::Evidence message(size_t size) const;         // a bundle over the manifest, filled up beside it
  trust::Evidence jws(size_t size) const;
  trust::Evidence cose(size_t size) const;

  trust::Evidence with_bundle(const std::string& text) const;

 private:
  std::string bundle_text(const std::string& type, size_t size) const;
  std::string notation_payload(size_t fill) const;
  trust::Evidence with_notation(const std::string& envelope) const;

  trust::Evidence artifact_;  // without signatures
  crypto::PrivateKey key_ = new_key();
  notary::Authority authority_;
  notary::Signer signer_ = authority_.signer();
};

}  // namespace gridseal::test
