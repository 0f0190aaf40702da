// What cosign 2 and 3 stored, with certificates and with keys; and every change to it.
#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/verify_bundle.hpp"
#include "sigstore/verify_legacy.hpp"
#include "stored_signatures.hpp"
#include "support/keyless/log_maker.hpp"
#include "support/sweep.hpp"

namespace gridseal::sigstore {
namespace {

using base::Result;
using test::root_fixture;
using test::stored_key;
using test::stored_signatures;
using test::StoredLayer;

const TrustedRoot& local_root() {
  static const TrustedRoot root = root_fixture("sigstore/roots/local.json");
  return root;
}

bool is_legacy(const StoredLayer& layer) {
  return layer.media_type == kSimpleSigningMediaType || layer.media_type == kAttestationMediaType;
}

Result<VerifiedSignature> with_certificate(const StoredLayer& layer, const base::Digest& artifact,
                                           const TrustedRoot& root, const CertificateRules& rules = {}) {
  if (is_legacy(layer))
    return verify_legacy_with_certificate({layer.media_type, layer.blob, layer.annotations}, artifact, root,
                                          rules);
  const auto bundle = parse_bundle(layer.blob);
  if (!bundle) return bundle.error();
  return verify_with_certificate(*bundle, Artifact::of_digest(artifact), root, rules);
}

Result<VerifiedSignature> with_keys(const StoredLayer& layer, const base::Digest& artifact,
                                    const std::vector<NamedKey>& keys, const TrustedRoot* root,
                                    const KeyRules& rules) {
  if (is_legacy(layer))
    return verify_legacy_with_keys({layer.media_type, layer.blob, layer.annotations}, artifact, keys, root,
                                   rules);
  const auto bundle = parse_bundle(layer.blob);
  if (!bundle) return bundle.error();
  return verify_with_keys(*bundle, Artifact::of_digest(artifact), keys, root, rules);
}

base::Digest other_artifact() {
  return crypto::sha256("another artifact");
}

struct Keyless {
  std::string name;
  std::string root;
  std::string issuer;
  SubjectKind kind;
  std::vector<TimeSource> times;
};

class StoredKeyless : public testing::TestWithParam<Keyless> {};

// GS-SIGSTORE-201: what cosign 2 and 3 signed with a certificate verifies offline, and says who signed when.
TEST_P(StoredKeyless, Verifies) {
  const auto stored = stored_signatures(GetParam().name);
  ASSERT_EQ(stored.layers.size(), 1U);
  const auto root = root_fixture(GetParam().root);
  const auto verified = with_certificate(stored.layers.front(), stored.artifact, root);
  ASSERT_TRUE(verified) << verified.error().code() << " " << verified.error().describe();
  const auto& signer = std::get<CertificateSigner>(verified->signer);
  EXPECT_EQ(signer.identity.issuer, GetParam().issuer);
  EXPECT_EQ(signer.identity.kind, GetParam().kind);
  EXPECT_FALSE(signer.chain.empty());
  std::vector<TimeSource> sources;
  for (const VerifiedTime& time : verified->times) {
    sources.push_back(time.source);
    EXPECT_LE(signer.not_before, time.time);
    EXPECT_LE(time.time, signer.not_after);
    EXPECT_FALSE(time.authority.empty());
  }
  EXPECT_EQ(sources, GetParam().times);
  EXPECT_EQ(verified->log_entries.size(), 1U);
  EXPECT_EQ(verified->algorithm, "ecdsa-p256-sha256");
}

// GS-SIGSTORE-202: the same signature is refused for another artifact, under another root, and as a key's.
TEST_P(StoredKeyless, CountsForNothingElse) {
  const auto stored = stored_signatures(GetParam().name);
  const StoredLayer& layer = stored.layers.front();
  const auto root = root_fixture(GetParam().root);
  const auto moved = with_certificate(layer, other_artifact(), root);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code(),
            layer.media_type == kSimpleSigningMediaType ? "simplesigning.digest" : "intoto.subject_mismatch");
  const auto elsewhere =
      with_certificate(layer, stored.artifact, root_fixture("sigstore/roots/production.json"));
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code(), "tlog.unknown_log");
  const NamedKey key{"own.pub", crypto::PrivateKey::generate()->public_key()};
  const auto keyed = with_keys(layer, stored.artifact, {key}, nullptr, {});
  ASSERT_FALSE(keyed);
  EXPECT_EQ(keyed.error().code(), "key.expected_key_got_cert");
}

const std::string kActions = "https://token.actions.githubusercontent.com";

INSTANTIATE_TEST_SUITE_P(Signers, StoredKeyless,
                         testing::Values(Keyless{"cosign2-keyless-legacy",
                                                 "sigstore/roots/local.json",
                                                 kActions,
                                                 SubjectKind::uri,
                                                 {TimeSource::log}},
                                         Keyless{"cosign3-keyless-rekor1",
                                                 "sigstore/roots/local.json",
                                                 kActions,
                                                 SubjectKind::uri,
                                                 {TimeSource::log}},
                                         Keyless{"cosign3-keyless-rekor2-tsa",
                                                 "sigstore/roots/local.json",
                                                 kActions,
                                                 SubjectKind::uri,
                                                 {TimeSource::timestamp_authority}},
                                         Keyless{"cosign3-keyless-email",
                                                 "sigstore/roots/local.json",
                                                 "https://accounts.google.com",
                                                 SubjectKind::email,
                                                 {TimeSource::log, TimeSource::timestamp_authority}},
                                         Keyless{"mock-keyless-rekor1",
                                                 "signing/mock-keyless-rekor1/trusted_root.json",
                                                 kActions,
                                                 SubjectKind::uri,
                                                 {TimeSource::log, TimeSource::timestamp_authority}}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

struct Keyed {
  std::string name;
  std::string algorithm;
  KeyRules most;  // what the example can satisfy
};

class StoredKeyed : public testing::TestWithParam<Keyed> {};

// GS-SIGSTORE-203: what cosign signed with a key verifies with that key alone; logs and authorities count
// where they are asked for, and what is not judged is said.
TEST_P(StoredKeyed, Verifies) {
  const auto stored = stored_signatures(GetParam().name);
  const NamedKey key = stored_key(GetParam().name);
  ASSERT_FALSE(stored.layers.empty());
  const StoredLayer& layer = stored.layers.front();
  const auto alone = with_keys(layer, stored.artifact, {key}, nullptr, {});
  ASSERT_TRUE(alone) << alone.error().code() << " " << alone.error().describe();
  EXPECT_EQ(alone->algorithm, GetParam().algorithm);
  EXPECT_EQ(std::get<KeySigner>(alone->signer).key_id, key.key.key_id());
  EXPECT_EQ(alone->ignored.size(), GetParam().most.log_entries + GetParam().most.timestamps);
  const auto judged = with_keys(layer, stored.artifact, {key}, &local_root(), GetParam().most);
  ASSERT_TRUE(judged) << judged.error().code() << " " << judged.error().describe();
  EXPECT_EQ(judged->log_entries.size(), GetParam().most.log_entries);
  EXPECT_TRUE(judged->ignored.empty());
}

// GS-SIGSTORE-204: more than is there cannot be satisfied, nor can anything be without a trusted root.
TEST_P(StoredKeyed, AsksForMoreInVain) {
  const auto stored = stored_signatures(GetParam().name);
  const NamedKey key = stored_key(GetParam().name);
  const StoredLayer& layer = stored.layers.front();
  const auto log =
      with_keys(layer, stored.artifact, {key}, &local_root(), {GetParam().most.log_entries + 1, 0});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code(), "tlog.missing");
  const auto stamp =
      with_keys(layer, stored.artifact, {key}, &local_root(), {0, GetParam().most.timestamps + 1});
  ASSERT_FALSE(stamp);
  EXPECT_EQ(stamp.error().code(), "tsa.missing");
  EXPECT_EQ(with_keys(layer, stored.artifact, {key}, nullptr, {1, 0}).error().code(), "tlog.missing");
  EXPECT_EQ(with_keys(layer, stored.artifact, {key}, nullptr, {0, 1}).error().code(), "tsa.missing");
}

// GS-SIGSTORE-205: another key, another artifact, and the role of an identity are refused.
TEST_P(StoredKeyed, CountsForNothingElse) {
  const auto stored = stored_signatures(GetParam().name);
  const NamedKey key = stored_key(GetParam().name);
  const StoredLayer& layer = stored.layers.front();
  const NamedKey other{"other.pub", crypto::PrivateKey::generate()->public_key()};
  const auto wrong = with_keys(layer, stored.artifact, {other}, nullptr, {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), "key.wrong");
  EXPECT_TRUE(with_keys(layer, stored.artifact, {other, key}, nullptr, {}));
  EXPECT_EQ(with_keys(layer, stored.artifact, {}, nullptr, {}).error().code(), "key.wrong");
  const auto moved = with_keys(layer, other_artifact(), {key}, nullptr, {});
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code(),
            layer.media_type == kSimpleSigningMediaType ? "simplesigning.digest" : "intoto.subject_mismatch");
  EXPECT_EQ(with_certificate(layer, stored.artifact, local_root()).error().code(),
            "key.expected_cert_got_key");
}

INSTANTIATE_TEST_SUITE_P(
    Signers, StoredKeyed,
    testing::Values(Keyed{"cosign2-keyed-legacy", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign2-keyed-legacy-ed25519", "ed25519", {}},
                    Keyed{"cosign2-keyed-legacy-p521", "ecdsa-p521-sha256", {}},
                    Keyed{"cosign2-keyed-legacy-rsa3072", "rsa-sha256", {}},
                    Keyed{"cosign2-keyed-rekor", "ecdsa-p256-sha256", {1, 0}},
                    Keyed{"cosign2-attest-keyed-custom", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign2-attest-keyed-slsaprovenance1", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign2-attest-keyed-vuln", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign3-keyed-bundle", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign3-keyed-bundle-ed25519", "ed25519ph", {}},
                    Keyed{"cosign3-keyed-bundle-p384", "ecdsa-p384-sha384", {}},
                    Keyed{"cosign3-keyed-bundle-rsa2048", "rsa-sha256", {}},
                    Keyed{"cosign3-keyed-bundle-rsa4096", "rsa-sha256", {}},
                    Keyed{"cosign3-attest-keyed-custom", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign3-attest-keyed-slsaprovenance1", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign3-attest-keyed-vuln", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign3-sign-and-attest", "ecdsa-p256-sha256", {}},
                    Keyed{"cosign3-keyed-rekor1-tsa", "ecdsa-p256-sha256", {1, 1}},
                    Keyed{"cosign3-keyed-tsa-only", "ecdsa-p256-sha256", {0, 1}}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

using PutBytes = std::function<void(Bundle&, const std::string&)>;

// Changes bits of each byte of `original` and puts it into the bundle.
void sweep(const std::string& name, const std::string& original, const PutBytes& put,
           bool may_stand = false) {
  const auto stored = stored_signatures(name);
  const Bundle good = parse_bundle(stored.layers.front().blob).value();
  const Artifact artifact = Artifact::of_digest(stored.artifact);
  const auto reference = verify_with_certificate(good, artifact, local_root());
  ASSERT_TRUE(reference);
  Bundle bad = good;
  ASSERT_FALSE(original.empty());
  size_t stood = 0;
  const auto judge = [&](const std::string& bytes, const std::string& what) {
    put(bad, bytes);
    const auto verdict = verify_with_certificate(bad, artifact, local_root());
    if (!verdict) return;
    ++stood;
    // Nothing that is believed has changed.
    ASSERT_TRUE(may_stand) << what;
    ASSERT_EQ(verdict->times.size(), reference->times.size());
    EXPECT_EQ(verdict->times.front().time, reference->times.front().time);
  };
  gridseal::test::sweep_bits(name, original, judge);
  EXPECT_LT(stood, original.size() * gridseal::test::bits_of_a_byte());
  if (!may_stand) gridseal::test::sweep_lengths(name, original, judge);
}

void sweep(const std::string& name, const std::function<std::string&(Bundle&)>& part,
           bool may_stand = false) {
  Bundle good = parse_bundle(stored_signatures(name).layers.front().blob).value();
  sweep(
      name, part(good), [&](Bundle& bundle, const std::string& bytes) { part(bundle) = bytes; }, may_stand);
}

// GS-SIGSTORE-206: no changed bit of certificate, signature, payload, log entry, promise, proof or checkpoint
// goes unnoticed; a changed timestamp is refused or says the same.
TEST(StoredSweep, OfRekorV1) {
  const std::string name = "cosign3-keyless-rekor1";
  sweep(name, [](Bundle& bundle) -> std::string& { return std::get<Certificates>(bundle.material).leaf; });
  sweep(name, [](Bundle& bundle) -> std::string& { return std::get<Envelope>(bundle.content).signature; });
  const auto json = base::parse_json(stored_signatures(name).layers.front().blob).value();
  sweep(name, base::decode_base64(json["dsseEnvelope"]["payload"].get<std::string>()).value(),
        [](Bundle& bundle, const std::string& payload) {
          auto& envelope = std::get<Envelope>(bundle.content);
          envelope = make_envelope(envelope.payload_type, payload, envelope.signature);
        });
  sweep(name, [](Bundle& bundle) -> std::string& { return bundle.log_entries.at(0).body; });
  sweep(name, [](Bundle& bundle) -> std::string& { return bundle.log_entries.at(0).signed_entry_timestamp; });
  sweep(name, [](Bundle& bundle) -> std::string& { return bundle.log_entries.at(0).log_id; });
  sweep(name, [](Bundle& bundle) -> std::string& { return bundle.log_entries.at(0).proof->checkpoint; });
}

TEST(StoredSweep, OfRekorV2WithTimestamp) {
  const std::string name = "cosign3-keyless-rekor2-tsa";
  sweep(name, [](Bundle& bundle) -> std::string& { return bundle.log_entries.at(0).body; });
  sweep(name, [](Bundle& bundle) -> std::string& { return bundle.log_entries.at(0).proof->root_hash; });
  // Certificates and status text inside a response are nobody's word.
  sweep(
      name, [](Bundle& bundle) -> std::string& { return bundle.timestamps.at(0); }, true);
}

// GS-SIGSTORE-207: without the log entry, the time or the promise there is no verification with a
// certificate.
TEST(StoredLess, IsRefused) {
  const auto stored = stored_signatures("cosign3-keyless-rekor2-tsa");
  const Bundle good = parse_bundle(stored.layers.front().blob).value();
  const Artifact artifact = Artifact::of_digest(stored.artifact);
  Bundle no_log = good;
  no_log.log_entries.clear();
  EXPECT_EQ(verify_with_certificate(no_log, artifact, local_root()).error().code(), "tlog.missing");
  CertificateRules without_log;
  without_log.log_entries = 0;
  EXPECT_TRUE(verify_with_certificate(no_log, artifact, local_root(), without_log));
  Bundle no_time = good;
  no_time.timestamps.clear();
  EXPECT_EQ(verify_with_certificate(no_time, artifact, local_root()).error().code(), "time.none");
  no_time.log_entries.front().integrated_time = 1'780'000'000;
  EXPECT_EQ(verify_with_certificate(no_time, artifact, local_root()).error().code(), "time.none");
  CertificateRules stamped;
  stamped.timestamps = 2;
  Bundle twice = good;
  twice.timestamps.push_back(twice.timestamps.front());
  EXPECT_EQ(verify_with_certificate(twice, artifact, local_root(), stamped).error().code(), "tsa.missing");
}

// GS-SIGSTORE-208: the older form needs the promise and each of its annotations in order.
TEST(StoredLegacy, EachAnnotationIsJudged) {
  const auto stored = stored_signatures("cosign2-keyless-legacy");
  const StoredLayer good = stored.layers.front();
  const auto judge = [&](const std::function<void(StoredLayer&)>& change) {
    StoredLayer layer = good;
    change(layer);
    const auto verdict = with_certificate(layer, stored.artifact, local_root());
    return verdict ? std::string("verified") : verdict.error().code();
  };
  EXPECT_EQ(judge([](StoredLayer&) {}), "verified");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.annotations.erase("dev.sigstore.cosign/chain"); }),
            "verified");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.annotations["dev.sigstore.cosign/chain"] = "junk"; }),
            "verified");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.annotations.erase("dev.sigstore.cosign/bundle"); }),
            "tlog.missing");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.annotations.erase("dev.sigstore.cosign/certificate"); }),
            "key.expected_cert_got_key");
  EXPECT_EQ(judge([](StoredLayer& layer) {
              std::string& pem = layer.annotations["dev.sigstore.cosign/certificate"];
              pem += pem;
            }),
            "cert.parse");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.annotations.erase(std::string(kSignatureAnnotation)); }),
            "registry.manifest");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.annotations[std::string(kSignatureAnnotation)] += "\n"; }),
            "parse.base64");
  EXPECT_EQ(judge([](StoredLayer& layer) { layer.blob += " "; }), "tlog.body_digest");
  EXPECT_EQ(judge([](StoredLayer& layer) {
              layer.annotations["dev.sigstore.cosign/rfc3161timestamp"] =
                  R"({"SignedRFC3161Timestamp":"MAMCAQA="})";
            }).substr(0, 4),
            "tsa.");
  EXPECT_EQ(judge([](StoredLayer& layer) {
              layer.annotations["dev.sigstore.cosign/rfc3161timestamp"] = R"({"Other":"MAMCAQA="})";
            }),
            "tsa.parse");
  const auto other = verify_legacy_with_certificate({"application/octet-stream", good.blob, good.annotations},
                                                    stored.artifact, local_root());
  EXPECT_EQ(other.error().code(), "registry.media_type");
}

}  // namespace
}  // namespace gridseal::sigstore
