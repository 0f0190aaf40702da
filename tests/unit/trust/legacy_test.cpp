// cosign's simple signing, with keys of our own: what counts, and the reason of everything that does not.
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

using base::Json;
using base::Outcome;
using test::add_legacy;
using test::new_key;
using test::pin;

class Legacy : public testing::Test {
 protected:
  Legacy() : key_(new_key()), trust_(test::trust_in({pin("ci.pub", key_.public_key())})) {}

  base::Result<Satisfied> judge(const Evidence& evidence) const {
    return verify_signatures(trust_.state, trust_.policy, evidence);
  }

  void expect_refused(const Evidence& evidence, const std::string& code) const {
    const auto verified = judge(evidence);
    ASSERT_FALSE(verified) << "expected " << code;
    EXPECT_EQ(verified.error().code(), code) << verified.error().describe();
    EXPECT_EQ(verified.error().outcome(), Outcome::refused);
  }

  // A layer over `payload`, properly signed.
  sigstore::LegacySignature sign(const std::string& payload) const {
    const auto signature = key_.sign(crypto::Scheme::sha256, payload);
    return {payload, {{std::string(sigstore::kSignatureAnnotation), base::encode_base64(*signature)}}};
  }

  Evidence with_payload(const std::string& payload) const {
    Evidence evidence = test::unsigned_artifact();
    add_legacy(evidence, {sign(payload)});
    return evidence;
  }

  // The good payload with one replacement.
  Evidence with_changed(const std::string& from, const std::string& to) const {
    std::string payload =
        sigstore::simple_signing_payload("mirror.example/a", test::unsigned_artifact().digest);
    const size_t at = payload.find(from);
    if (at == std::string::npos) throw std::runtime_error("nothing to replace: " + from);
    return with_payload(payload.replace(at, from.size(), to));
  }

  crypto::PrivateKey key_;
  test::Trust trust_;
};

// GS-TRUST-010: a signature made here verifies, and its annotations and reference are in the evidence.
TEST_F(Legacy, GoodSignature) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_legacy(evidence, key_, {{"build", "42"}});
  const auto verified = judge(evidence);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->signatures.front().annotations.at("build"), "42");
  EXPECT_EQ(verified->signatures.front().reference, "mirror.example/water/pumps");
  EXPECT_EQ(verified->signatures.front().place, Place::legacy_tag);
}

// GS-TRUST-011: the signed digest is always compared; a signature moved from another artifact is refused.
TEST_F(Legacy, MovedSignatureIsRefused) {
  Evidence other = test::unsigned_artifact({{"org.opencontainers.image.title", "sibling"}});
  test::sign_legacy(other, key_);
  Evidence evidence = test::unsigned_artifact();
  evidence.signatures = other.signatures;
  expect_refused(evidence, "simplesigning.digest");
}

// GS-TRUST-012: what the payload claims is strict, even under a good signature.
TEST_F(Legacy, PayloadRules) {
  const std::string hex = test::unsigned_artifact().digest.hex();
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  expect_refused(with_payload("not json"), "parse.json");
  expect_refused(with_payload(""), "parse.json");
  expect_refused(with_payload("{}"), "parse.json");
  expect_refused(with_payload("[]"), "parse.json");
  expect_refused(with_changed("cosign container image signature", "atomic container signature"),
                 "simplesigning.type");
  expect_refused(with_changed(hex, upper), "simplesigning.digest");
  expect_refused(with_changed("sha256:", "sha512:"), "simplesigning.digest");
  expect_refused(with_changed("\"critical\":{", "\"critical\":{\"extra\":1,"), "parse.json");
  expect_refused(with_changed("\"critical\":{", "\"Critical\":{"), "parse.json");
  expect_refused(with_changed("\"image\":{", "\"image\":{\"docker-manifest-diges\\u0074\":\"x\","),
                 "parse.duplicate_key");
  expect_refused(with_changed("\"optional\":null", "\"optional\":null} {\"a\":1"), "parse.json");
  expect_refused(with_changed("\"optional\":null", "\"optional\":[]"), "parse.json");
  const auto spaced = judge(with_changed("\"optional\":null", "\"optional\" : { \"n\" : 1 } \n "));
  EXPECT_TRUE(spaced) << spaced.error().describe();
}

// GS-TRUST-013: the signature annotation is strict base64 of strict DER.
TEST_F(Legacy, SignatureEncoding) {
  const sigstore::LegacySignature good =
      sign(sigstore::simple_signing_payload("r", test::unsigned_artifact().digest));
  const std::string encoded = good.annotations.at(std::string(sigstore::kSignatureAnnotation));
  const std::string raw = *base::decode_base64(encoded);
  const auto with = [&](const std::string& annotation) {
    Evidence evidence = test::unsigned_artifact();
    add_legacy(evidence, {{good.payload, {{std::string(sigstore::kSignatureAnnotation), annotation}}}});
    return evidence;
  };
  ASSERT_TRUE(judge(with(encoded)));
  expect_refused(with(encoded + "\n"), "parse.base64");
  expect_refused(with(encoded.substr(0, 10) + "\n" + encoded.substr(10)), "parse.base64");
  expect_refused(with("!"), "parse.base64");
  expect_refused(with(""), "registry.manifest");
  expect_refused(with(base::encode_base64(raw + '\0')), "sig.invalid");
  expect_refused(with(base::encode_base64(std::string(64, '\1'))), "key.wrong");  // an Ed25519 key's form
  expect_refused(with(base::encode_base64("0\x06\x02\x01\x01\x02\x01\x00")), "sig.invalid");
  Evidence unsigned_layer = test::unsigned_artifact();
  add_legacy(unsigned_layer, {{good.payload, {}}});
  expect_refused(unsigned_layer, "registry.manifest");
}

// GS-TRUST-014: blobs are compared with their descriptors; a listed signature that is missing is pending.
TEST_F(Legacy, BlobsAreChecked) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_legacy(evidence, key_);
  Evidence swapped = evidence;
  swapped.signatures[0].blobs.begin()->second = test::first_blob(swapped) + " ";
  expect_refused(swapped, "blob.digest_mismatch");
  Evidence missing = evidence;
  missing.signatures[0].blobs.clear();
  const auto verdict = judge(missing);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), "registry.blob_missing");
  EXPECT_EQ(verdict.error().outcome(), Outcome::pending);
  Evidence lying = evidence;
  Json manifest = Json::parse(test::text_of(lying.signatures[0].bytes));
  manifest["layers"][0]["size"] = manifest["layers"][0]["size"].get<int>() + 1;
  lying.signatures[0].bytes = manifest.dump();
  expect_refused(lying, "blob.digest_mismatch");
  Evidence other_manifest = evidence;
  other_manifest.manifest += " ";
  expect_refused(other_manifest, "artifact.digest_mismatch");
}

// GS-TRUST-015: only layers of the simple signing media type are signatures.
TEST_F(Legacy, OtherLayerMediaTypeIsRefused) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_legacy(evidence, key_);
  Json manifest = Json::parse(test::text_of(evidence.signatures[0].bytes));
  manifest["layers"][0]["mediaType"] = "application/octet-stream";
  evidence.signatures[0].bytes = manifest.dump();
  expect_refused(evidence, "registry.media_type");
}

// GS-TRUST-016: junk beside a good signature does not hide it, wherever the junk stands.
TEST_F(Legacy, JunkBesideGood) {
  const auto stranger = new_key();
  Evidence good = test::unsigned_artifact();
  const sigstore::LegacySignature ours = sign(sigstore::simple_signing_payload("r", good.digest));
  const sigstore::LegacySignature theirs = *sigstore::make_legacy_signature(stranger, "r", good.digest);
  const sigstore::LegacySignature junk{"junk", {{std::string(sigstore::kSignatureAnnotation), "%%%"}}};
  add_legacy(good, {junk, theirs, ours});
  SignatureManifest broken;
  broken.place = Place::referrer;
  broken.bytes = std::string("junk");
  good.signatures.insert(good.signatures.begin(), broken);
  test::sign_bundle(good, stranger);
  const auto verified = judge(good);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->others.size(), 3U);
}

// GS-TRUST-410: a certificate that lies beside a signature by a pinned key, as cosign stores one on request,
// neither makes it good nor hides it.
TEST_F(Legacy, CertificateBesideAKey) {
  Evidence good = test::unsigned_artifact();
  sigstore::LegacySignature ours = sign(sigstore::simple_signing_payload("r", good.digest));
  ours.annotations["dev.sigstore.cosign/certificate"] = "anything";
  add_legacy(good, {ours});
  EXPECT_TRUE(judge(good));
  Evidence other = test::unsigned_artifact();
  sigstore::LegacySignature theirs = *sigstore::make_legacy_signature(new_key(), "r", other.digest);
  theirs.annotations["dev.sigstore.cosign/certificate"] = "anything";
  add_legacy(other, {theirs});
  expect_refused(other, "key.expected_key_got_cert");
}

// GS-TRUST-017: when nothing counts, the reason is the candidate that got furthest, and the others are named.
TEST_F(Legacy, MostTellingReason) {
  Evidence evidence = test::unsigned_artifact();
  add_legacy(evidence, {{"junk", {{std::string(sigstore::kSignatureAnnotation), "%%%"}}},
                        *sigstore::make_legacy_signature(new_key(), "r", evidence.digest)});
  evidence.not_tried = 7;
  const auto verdict = judge(evidence);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), "key.wrong");
  EXPECT_NE(verdict.error().describe().find("parse.base64"), std::string::npos);
  EXPECT_NE(verdict.error().describe().find("7 more"), std::string::npos);
}

// GS-TRUST-018: annotations that the policy asks for must be signed and equal.
TEST_F(Legacy, RequiredAnnotations) {
  const auto strict = test::trust_in({pin("ci.pub", key_.public_key())}, {{"stage", "production"}});
  for (const auto& [value, good] : {std::pair{"production", true}, {"staging", false}, {"", false}}) {
    Evidence evidence = test::unsigned_artifact();
    const std::map<std::string, std::string> signed_ones = {{"stage", value}};
    test::sign_legacy(evidence, key_, *value == '\0' ? std::map<std::string, std::string>{} : signed_ones);
    const auto verdict = verify_signatures(strict.state, strict.policy, evidence);
    EXPECT_EQ(verdict.has_value(), good) << value;
    if (!good) {
      EXPECT_EQ(verdict.error().code(), "simplesigning.annotation");
    }
  }
}

// GS-TRUST-019: more layers than cosign allows are refused before any of them is tried.
TEST_F(Legacy, TooManyLayers) {
  Evidence evidence = test::unsigned_artifact();
  std::vector<sigstore::LegacySignature> many(
      1001, sigstore::LegacySignature{"x", {{std::string(sigstore::kSignatureAnnotation), "AA=="}}});
  add_legacy(evidence, many);
  expect_refused(evidence, "parse.limit");
}

// GS-TRUST-020: a subject that names another artifact is refused also where none is needed.
TEST_F(Legacy, SubjectOfAnother) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_legacy(evidence, key_);
  Json manifest = Json::parse(test::text_of(evidence.signatures[0].bytes));
  manifest["subject"] = {{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                         {"digest", crypto::sha256("other").to_string()},
                         {"size", 5}};
  evidence.signatures[0].bytes = manifest.dump();
  expect_refused(evidence, "registry.subject_mismatch");
  // cosign 2 with referrers: the same layers, a subject that is this artifact.
  manifest["subject"]["digest"] = evidence.digest.to_string();
  evidence.signatures[0].bytes = manifest.dump();
  evidence.signatures[0].place = Place::referrer;
  evidence.signatures[0].digest = crypto::sha256(test::text_of(evidence.signatures[0].bytes));
  EXPECT_TRUE(judge(evidence));
  evidence.signatures[0].digest = crypto::sha256("lie");
  expect_refused(evidence, "blob.digest_mismatch");
}

}  // namespace
}  // namespace gridseal::trust
