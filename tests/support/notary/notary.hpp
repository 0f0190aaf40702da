// Notary Project signatures of any shape, also wrong ones, made on the fly.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "notation/verify.hpp"
#include "support/pki/pki.hpp"

namespace gridseal::test::notary {

// A Name with C=NO, ST=Oslo, O=Acme and this CN.
std::string acme_name(std::string_view common_name);

pki::CertificateSpec root_spec();
pki::CertificateSpec intermediate_spec();
pki::CertificateSpec leaf_spec();

// What signs: certificates leaf first, and the leaf's key. Moves only.
struct Signer {
  crypto::PrivateKey key;
  std::vector<crypto::Certificate> chain;
  // Natural hash of the key; ECDSA as r || s. RSA keys are not supported here.
  std::string sign(std::string_view bytes) const;
};

// Root, intermediate and leaf, where a test may change each spec before.
struct Authority {
  explicit Authority(const pki::CertificateSpec& root = root_spec(),
                     const pki::CertificateSpec& intermediate = intermediate_spec());
  pki::Identity root;
  pki::Identity intermediate;
  Signer signer(const pki::CertificateSpec& leaf = leaf_spec()) const;
  Signer signer(crypto::PrivateKey key, const pki::CertificateSpec& leaf = leaf_spec()) const;
};

// The artifact that is signed unless a test says otherwise.
notation::Request request();
std::string payload(const notation::Descriptor& artifact,
                    const std::map<std::string, std::string>& annotations = {});

// Makes the timestamp token over the signature bytes; none when empty.
using Stamp = std::function<std::string(std::string_view signature)>;

// A JWS before it is signed: every header can be changed.
struct Jws {
  explicit Jws(const Signer& signer);
  std::string text() const;  // signs

  const Signer& signer;
  base::Json protected_header;
  base::Json header;
  std::string payload;
  Stamp stamp;
};

// A COSE_Sign1; headers are lists of encoded keys and values.
struct Cose {
  using Map = std::vector<std::pair<std::string, std::string>>;
  explicit Cose(const Signer& signer);
  std::string bytes() const;  // signs

  void set(std::string_view name, const std::string& encoded);  // in the protected header
  void erase(std::string_view name);

  const Signer& signer;
  Map protected_header;
  Map header;
  std::string payload;
  Stamp stamp;
};

// "application/jose+json" for text that begins with a brace.
std::string_view media_type_of(std::string_view envelope);

// A trust policy document of one policy: level strict, scope "*", store ca:acme, identity Acme; `change` is
// merged into the policy (RFC 7386).
std::string policy_text(const base::Json& change = base::Json::object());
notation::TrustPolicyDocument policy(const base::Json& change = base::Json::object());

}  // namespace gridseal::test::notary
