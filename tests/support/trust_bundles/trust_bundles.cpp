#include "support/trust_bundles/trust_bundles.hpp"

namespace gridseal::test {

base::Time at(std::string_view rfc3339) {
  return *base::parse_rfc3339(rfc3339);
}

const crypto::PrivateKey& Signers::key(const std::string& name) {
  const auto known = keys_.find(name);
  if (known != keys_.end()) return known->second;
  return keys_.emplace(name, *crypto::PrivateKey::generate()).first->second;
}

std::string Signers::sign_text(std::string_view payload, const std::vector<std::string>& who) {
  std::vector<trust::BundleSignature> signatures;
  for (const std::string& name : who) signatures.push_back(*trust::sign_trust_bundle(key(name), payload));
  return trust::trust_bundle_envelope(payload, signatures);
}

std::string Signers::sign(const trust::TrustBundleContent& content, const std::vector<std::string>& who) {
  return sign_text(trust::canonical_text(content), who);
}

trust::TrustBundle Signers::bundle(const trust::TrustBundleContent& content,
                                   const std::vector<std::string>& who) {
  auto parsed = trust::parse_trust_bundle(sign(content, who));
  return std::move(parsed).value();
}

trust::TrustBundleContent Signers::first() {
  trust::TrustBundleContent content;
  content.version = 1;
  content.created = at(kBundleDay);
  for (const char* name : {"ci", "root-a", "root-b", "root-c", "successor", "warden"})
    content.keys.push_back({name, public_key(name)});
  content.root = {{"root-a", "root-b", "root-c"}, 2};
  content.deny = trust::BundleRole{{"warden"}, 1};
  content.endorse = trust::BundleRole{{"successor"}, 1};
  content.artifact_keys = {"ci", "successor"};
  return content;
}

trust::TrustBundleContent Signers::after(const trust::TrustBundleContent& content) {
  trust::TrustBundleContent next = content;
  ++next.version;
  next.created += std::chrono::hours(24);
  return next;
}

}  // namespace gridseal::test
