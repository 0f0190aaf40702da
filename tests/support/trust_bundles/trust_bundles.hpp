// Trust bundles made and signed in memory.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "trust/trust_bundle_sign.hpp"

namespace gridseal::test {

// The same instant for everything that does not test time.
inline constexpr std::string_view kBundleDay = "2026-03-01T00:00:00Z";

base::Time at(std::string_view rfc3339);

// People with a key each, made on first use.
class Signers {
 public:
  const crypto::PrivateKey& key(const std::string& name);
  crypto::PublicKey public_key(const std::string& name) { return key(name).public_key(); }
  base::Digest id(const std::string& name) { return public_key(name).fingerprint(); }

  // An envelope of `content` with the signatures of these people.
  std::string sign(const trust::TrustBundleContent& content, const std::vector<std::string>& who);
  std::string sign_text(std::string_view payload, const std::vector<std::string>& who);
  trust::TrustBundle bundle(const trust::TrustBundleContent& content, const std::vector<std::string>& who);

  // Version 1: root is two of root-a, root-b, root-c; deny is one of warden; endorse is one of successor;
  // artifacts are signed by ci and successor.
  trust::TrustBundleContent first();
  // The next version of it, one day later, not changed otherwise.
  static trust::TrustBundleContent after(const trust::TrustBundleContent& content);

 private:
  std::map<std::string, crypto::PrivateKey> keys_;
};

}  // namespace gridseal::test
