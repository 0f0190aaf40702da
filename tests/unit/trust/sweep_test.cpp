// Every single bit of what a signature consists of, and every truncation of it.
#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/pem.hpp"
#include "crypto/random.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

using base::Json;
using test::pin;

// Ed25519 verifies fast enough for thousands of changes.
crypto::PrivateKey new_ed25519_key() {
  const std::string prefix("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
  return *crypto::PrivateKey::from_pem(crypto::encode_pem("PRIVATE KEY", prefix + crypto::random_bytes(32)));
}

std::string flipped(std::string bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1U << (bit % 8)));
  return bytes;
}

class Sweep : public testing::TestWithParam<bool> {
 protected:
  Sweep()
      : key_(GetParam() ? new_ed25519_key() : test::new_key()),
        trust_(test::trust_in({pin("ci.pub", key_.public_key())})) {}

  void expect_refused(const Evidence& evidence, const std::string& what) const {
    const auto verdict = verify_signatures(trust_.state, trust_.policy, evidence);
    ASSERT_FALSE(verdict) << what;
    EXPECT_EQ(verdict.error().outcome(), base::Outcome::refused)
        << what << ": " << verdict.error().describe();
    EXPECT_NE(verdict.error().code().find('.'), std::string::npos);
  }

  // All single-bit changes and all truncations of `bytes`, each put to `make`.
  void sweep(const std::string& bytes, const std::function<Evidence(const std::string&)>& make) const {
    ASSERT_TRUE(verify_signatures(trust_.state, trust_.policy, make(bytes)));
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit)
      expect_refused(make(flipped(bytes, bit)), "bit " + std::to_string(bit));
    for (size_t size = 0; size < bytes.size(); ++size)
      expect_refused(make(bytes.substr(0, size)), "cut to " + std::to_string(size));
  }

  Evidence with_legacy(const std::string& payload, const std::string& signature) const {
    Evidence evidence = test::unsigned_artifact();
    test::add_legacy(
        evidence,
        {{payload, {{std::string(sigstore::kSignatureAnnotation), base::encode_base64(signature)}}}});
    return evidence;
  }

  Evidence with_bundle(const std::string& payload, const std::string& signature) const {
    Json bundle = Json::parse(*sigstore::make_bundle(key_, payload));
    bundle["dsseEnvelope"]["payload"] = base::encode_base64(payload);
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base::encode_base64(signature);
    Evidence evidence = test::unsigned_artifact();
    test::add_bundle(evidence, bundle.dump());
    return evidence;
  }

  crypto::PrivateKey key_;
  test::Trust trust_;
};

// GS-TRUST-050: every changed bit and every truncation of a legacy signature is refused with a reason.
TEST_P(Sweep, LegacySignature) {
  const std::string payload = sigstore::simple_signing_payload("r", test::unsigned_artifact().digest);
  const auto made = sigstore::make_legacy_signature(key_, "r", test::unsigned_artifact().digest);
  const std::string signature =
      *base::decode_base64(made->annotations.at(std::string(sigstore::kSignatureAnnotation)));
  sweep(signature, [&](const std::string& s) { return with_legacy(payload, s); });
}

// GS-TRUST-051: every changed bit and every truncation of a bundle's signature is refused with a reason.
TEST_P(Sweep, BundleSignature) {
  const std::string statement = sigstore::sign_statement(test::unsigned_artifact().digest);
  const Json bundle = Json::parse(*sigstore::make_bundle(key_, statement));
  const std::string signature =
      *base::decode_base64(std::string(bundle["dsseEnvelope"]["signatures"][0]["sig"]));
  sweep(signature, [&](const std::string& s) {
    Json changed = bundle;
    changed["dsseEnvelope"]["signatures"][0]["sig"] = base::encode_base64(s);
    Evidence evidence = test::unsigned_artifact();
    test::add_bundle(evidence, changed.dump());
    return evidence;
  });
}

INSTANTIATE_TEST_SUITE_P(Keys, Sweep, testing::Bool(),
                         [](const auto& info) { return info.param ? "Ed25519" : "P256"; });

class PayloadSweep : public Sweep {};

// GS-TRUST-052: every changed bit and every truncation of a legacy payload is refused with a reason.
TEST_P(PayloadSweep, LegacyPayload) {
  const auto made = sigstore::make_legacy_signature(key_, "r", test::unsigned_artifact().digest);
  const std::string signature =
      *base::decode_base64(made->annotations.at(std::string(sigstore::kSignatureAnnotation)));
  sweep(made->payload, [&](const std::string& payload) { return with_legacy(payload, signature); });
}

// GS-TRUST-053: every changed bit and every truncation of a bundle's statement is refused with a reason.
TEST_P(PayloadSweep, Statement) {
  const std::string statement = sigstore::sign_statement(test::unsigned_artifact().digest);
  const Json bundle = Json::parse(*sigstore::make_bundle(key_, statement));
  const std::string signature =
      *base::decode_base64(std::string(bundle["dsseEnvelope"]["signatures"][0]["sig"]));
  sweep(statement, [&](const std::string& payload) { return with_bundle(payload, signature); });
}

// GS-TRUST-054: every changed bit of the artifact's manifest, or of its digest, is refused.
TEST_P(PayloadSweep, Artifact) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_bundle(evidence, key_);
  for (size_t bit = 0; bit < evidence.manifest.size() * 8; ++bit) {
    Evidence changed = evidence;
    changed.manifest = flipped(changed.manifest, bit);
    expect_refused(changed, "manifest bit " + std::to_string(bit));
    changed.digest = crypto::sha256(changed.manifest);
    expect_refused(changed, "manifest and digest bit " + std::to_string(bit));
  }
}

// GS-TRUST-055: no changed bit of a whole bundle or of a signature manifest crashes or lets another artifact
// in; blobs that no longer have their digest are refused.
TEST_P(PayloadSweep, WholeDocuments) {
  const Evidence good = [&] {
    Evidence evidence = test::unsigned_artifact();
    test::sign_bundle(evidence, key_);
    return evidence;
  }();
  const std::string bundle = test::first_blob(good);
  for (size_t bit = 0; bit < bundle.size() * 8; ++bit) {
    Evidence swapped = good;
    swapped.signatures[0].blobs.begin()->second = flipped(bundle, bit);
    expect_refused(swapped, "bundle bit " + std::to_string(bit));
    Evidence rebuilt = test::unsigned_artifact();
    test::add_bundle(rebuilt, flipped(bundle, bit));
    const auto verdict = verify_signatures(trust_.state, trust_.policy, rebuilt);
    if (verdict) {
      EXPECT_EQ(verdict->signatures.front().artifact, good.digest.to_string());
    }
  }
  const std::string manifest = test::text_of(good.signatures[0].bytes);
  for (size_t bit = 0; bit < manifest.size() * 8; ++bit) {
    Evidence changed = good;
    changed.signatures[0].bytes = flipped(manifest, bit);
    expect_refused(changed, "signature manifest bit " + std::to_string(bit));
  }
}

// GS-TRUST-056: no changed bit of the pinned key verifies what the right key signed.
TEST_P(PayloadSweep, Key) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_legacy(evidence, key_);
  const std::string spki = key_.public_key().spki_der();
  size_t usable = 0;
  for (size_t bit = 0; bit < spki.size() * 8; ++bit) {
    const auto changed = crypto::PublicKey::from_spki(flipped(spki, bit));
    if (!changed) continue;
    ++usable;
    const auto other = test::trust_in({pin("ci.pub", *changed)});
    EXPECT_FALSE(verify_signatures(other.state, other.policy, evidence)) << bit;
  }
  EXPECT_LT(usable, spki.size() * 8);
}

INSTANTIATE_TEST_SUITE_P(Keys, PayloadSweep, testing::Values(true), [](const auto&) { return "Ed25519"; });

}  // namespace
}  // namespace gridseal::trust
