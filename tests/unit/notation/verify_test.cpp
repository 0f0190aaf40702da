// The steps of verification, each spoiled by itself.
#include "notation/verify.hpp"

#include "fixture.hpp"

namespace gridseal::notation {
namespace {

class VerifyTest : public NotationTest {};

// GS-NOTATION-060: a good signature verifies, and the result says who signed what and which checks were made.
TEST_F(VerifyTest, SaysWhatItFound) {
  Jws jws(signer_);
  jws.payload = notary::payload(request_.artifact, {{"site", "oslo"}});
  jws.header["io.cncf.notary.signingAgent"] = "agent/1\x1b[2J";
  request_.annotations = {{"site", "oslo"}};
  const auto verified = judge(jws.text());
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->policy, "p");
  EXPECT_EQ(verified->level, Level::strict);
  EXPECT_EQ(verified->algorithm, Algorithm::es256);
  EXPECT_EQ(verified->scheme, SigningScheme::x509);
  EXPECT_EQ(verified->store, "ca:acme");
  ASSERT_EQ(verified->chain.size(), 3U);
  EXPECT_EQ(verified->signer(), signer_.chain[0].subject_text());
  EXPECT_EQ(verified->chain[2].fingerprint, authority_.root.certificate.fingerprint().to_string());
  EXPECT_EQ(verified->signing_time, pki::at("2026-03-01T12:00:00Z"));
  EXPECT_FALSE(verified->authentic_time);
  EXPECT_FALSE(verified->expiry);
  EXPECT_EQ(verified->annotations, (std::map<std::string, std::string>{{"site", "oslo"}}));
  EXPECT_EQ(verified->signing_agent.find('\x1b'), std::string::npos);
  EXPECT_TRUE(verified->logged.empty());
  std::vector<std::string> names;
  for (const Check& check : verified->checks) names.push_back(check.name);
  EXPECT_EQ(names, (std::vector<std::string>{"policy", "integrity", "artifact", "authenticity", "identity",
                                             "expiry", "authenticTimestamp", "revocation", "annotations"}));
}

// GS-NOTATION-061: without a trust policy for the repository nothing verifies.
TEST_F(VerifyTest, NeedsAPolicy) {
  policy_ = {{"registryScopes", {"registry.example/fleet/edge"}}};
  EXPECT_EQ(code(signer_), "");
  request_.repository = "registry.example/fleet/other";
  EXPECT_EQ(code(signer_), "notary.policy_none");
  const auto chosen = notary::policy(policy_);
  EXPECT_TRUE(verify(kJwsMediaType, Jws(signer_).text(), request_, *chosen.find("p"), store_, now_));
  EXPECT_EQ(chosen.find("q"), nullptr);
}

// GS-NOTATION-062: a signature that the leaf's key did not make over these bytes is refused.
TEST_F(VerifyTest, Signature) {
  const Signer other = authority_.signer();
  Jws jws(other);
  jws.header["x5c"] = Jws(signer_).header["x5c"];
  EXPECT_EQ(code(jws.text()), "sig.invalid");
  Json json = Json::parse(Jws(signer_).text());
  json["signature"] = json["signature"].get<std::string>().substr(0, 84);
  EXPECT_EQ(code(json.dump()), "sig.invalid");
  Json swapped = Json::parse(Jws(signer_).text());
  Jws another(signer_);
  another.payload = notary::payload(request_.artifact, {{"a", "b"}});
  swapped["payload"] = Json::parse(another.text())["payload"];
  EXPECT_EQ(code(swapped.dump()), "sig.invalid");
}

// GS-NOTATION-063: the signed payload must be the descriptor of an artifact.
TEST_F(VerifyTest, Payload) {
  const std::string good = notary::payload(request_.artifact);
  const auto with = [&](const std::string& payload) {
    Jws jws(signer_);
    jws.payload = payload;
    return code(jws.text());
  };
  const auto changed = [&](const Json& change) {
    Json json = Json::parse(good);
    json["targetArtifact"].merge_patch(change);
    return with(json.dump());
  };
  EXPECT_EQ(with(good), "");
  EXPECT_EQ(with("{}"), "notary.payload");
  EXPECT_EQ(with("[]"), "notary.payload");
  EXPECT_EQ(with(""), "parse.json");
  EXPECT_EQ(with(good + good), "parse.json");
  EXPECT_EQ(with("{\"targetArtifact\":{}," + good.substr(1)), "parse.duplicate_key");
  for (const char* member : {"mediaType", "digest", "size"})
    EXPECT_EQ(changed({{member, nullptr}}), "notary.payload") << member;
  EXPECT_EQ(changed({{"size", "697"}}), "notary.payload");
  EXPECT_EQ(changed({{"size", -1}}), "notary.payload");
  EXPECT_EQ(changed({{"size", 697.5}}), "notary.payload");
  EXPECT_EQ(changed({{"annotations", 1}}), "notary.payload");
  EXPECT_EQ(changed({{"annotations", {{"a", 1}}}}), "notary.payload");
  EXPECT_EQ(changed({{"artifactType", "application/x"}}), "");
}

// GS-NOTATION-064: digest, media type and size of the artifact must all be the signed ones.
TEST_F(VerifyTest, Descriptor) {
  const std::string envelope = Jws(signer_).text();
  const Request good = request_;
  EXPECT_EQ(code(envelope), "");
  request_.artifact.digest = *base::Digest::from_hex(std::string(64, 'b'));
  EXPECT_EQ(code(envelope), "notary.descriptor");
  request_ = good;
  request_.artifact.size = 698;
  EXPECT_EQ(code(envelope), "notary.descriptor");
  request_ = good;
  request_.artifact.media_type = "application/vnd.oci.image.index.v1+json";
  EXPECT_EQ(code(envelope), "notary.descriptor");
  Jws upper(signer_);
  Json payload = Json::parse(upper.payload);
  payload["targetArtifact"]["digest"] = "sha256:" + std::string(64, 'A');
  upper.payload = payload.dump();
  request_ = good;
  EXPECT_EQ(code(upper.text()), "notary.descriptor");
}

// GS-NOTATION-065: the chain is complete, in order, and holds nothing else.
TEST_F(VerifyTest, Chain) {
  const auto with = [&](std::vector<crypto::Certificate> chain) {
    Signer signer{pki::new_key(), std::move(chain)};
    Jws jws(signer_);
    jws.header = Jws(signer).header;
    return code(jws.text());
  };
  const auto& chain = signer_.chain;
  const Authority other;
  EXPECT_EQ(with(chain), "");
  EXPECT_EQ(with({chain[0], chain[1]}), "notary.chain");
  EXPECT_EQ(with({chain[0], chain[2]}), "notary.chain");
  EXPECT_EQ(with({chain[0]}), "notary.chain");
  EXPECT_EQ(with({chain[0], chain[2], chain[1]}), "notary.chain");
  EXPECT_EQ(with({chain[0], chain[1], chain[2], chain[2]}), "notary.chain");
  EXPECT_EQ(with({chain[0], chain[1], chain[1], chain[2]}), "notary.chain");
  EXPECT_EQ(with({chain[0], chain[1], other.root.certificate}), "notary.chain");
  EXPECT_EQ(with({chain[0], other.intermediate.certificate, other.root.certificate}), "notary.chain");
  EXPECT_EQ(with({chain[0], chain[1], chain[2], other.root.certificate}), "notary.chain");
}

// GS-NOTATION-066: a leaf must be a signing certificate and nothing else.
TEST_F(VerifyTest, LeafRequirements) {
  const auto usage = [&](const std::vector<int>& bits, bool critical = true) {
    auto spec = notary::leaf_spec();
    spec.extensions = {pki::key_usage(bits, critical)};
    return leaf_code(spec);
  };
  EXPECT_EQ(usage({0}), "");
  EXPECT_EQ(usage({0, 1}), "");
  EXPECT_EQ(usage({0}, false), "notary.cert_requirements");
  EXPECT_EQ(usage({1}), "notary.cert_requirements");
  for (const int bit : {2, 3, 4, 5, 6, 7, 8}) EXPECT_EQ(usage({0, bit}), "notary.cert_requirements") << bit;
  auto none = notary::leaf_spec();
  none.extensions.clear();
  EXPECT_EQ(leaf_code(none), "notary.cert_requirements");
  auto ca = notary::leaf_spec();
  ca.extensions = {pki::basic_constraints(true), pki::key_usage({0})};
  EXPECT_EQ(leaf_code(ca), "notary.cert_requirements");
}

// GS-NOTATION-067: a leaf's extended key usage names nothing that makes it another kind of certificate.
TEST_F(VerifyTest, LeafPurposes) {
  const auto purposes = [&](const std::vector<std::string>& oids) {
    auto spec = notary::leaf_spec();
    spec.extensions = {pki::key_usage({0}), pki::extended_key_usage(oids)};
    return leaf_code(spec);
  };
  const std::string code_signing(crypto::oid::kCodeSigning);
  EXPECT_EQ(purposes({code_signing}), "");
  EXPECT_EQ(purposes({"1.2.3.4"}), "");
  for (const auto other :
       {crypto::oid::kAnyExtendedKeyUsage, crypto::oid::kServerAuth, crypto::oid::kClientAuth,
        crypto::oid::kEmailProtection, crypto::oid::kTimeStamping, crypto::oid::kOcspSigning})
    EXPECT_EQ(purposes({code_signing, std::string(other)}), "notary.cert_requirements") << other;
}

// GS-NOTATION-068: a critical extension that is not understood is refused.
TEST_F(VerifyTest, CriticalExtensions) {
  auto spec = notary::leaf_spec();
  spec.extensions.push_back(pki::raw_extension("1.2.3.4", "\x05", false));
  EXPECT_EQ(leaf_code(spec), "");
  spec.extensions.back().critical = true;
  EXPECT_EQ(leaf_code(spec), "notary.cert_requirements");
}

// GS-NOTATION-069: a CA of the chain may issue certificates, and so many below it.
TEST_F(VerifyTest, CaRequirements) {
  const auto with = [&](const std::vector<pki::ExtensionSpec>& intermediate,
                        const std::vector<pki::ExtensionSpec>& root) {
    auto root_spec = notary::root_spec();
    root_spec.extensions = root;
    auto intermediate_spec = notary::intermediate_spec();
    intermediate_spec.extensions = intermediate;
    const Authority authority(root_spec, intermediate_spec);
    pin("ca", authority.root.certificate);
    return code(authority.signer());
  };
  const std::vector<pki::ExtensionSpec> good = {pki::basic_constraints(true), pki::key_usage({5})};
  const auto constraints = [](auto... arguments) {
    return std::vector<pki::ExtensionSpec>{pki::basic_constraints(arguments...), pki::key_usage({5})};
  };
  EXPECT_EQ(with(good, good), "");
  EXPECT_EQ(with({pki::key_usage({5})}, good), "notary.cert_requirements");
  EXPECT_EQ(with({pki::basic_constraints(true)}, good), "notary.cert_requirements");
  EXPECT_EQ(with({pki::basic_constraints(true), pki::key_usage({6})}, good), "notary.cert_requirements");
  EXPECT_EQ(with({pki::basic_constraints(true), pki::key_usage({5}, false)}, good),
            "notary.cert_requirements");
  EXPECT_EQ(with(constraints(true, std::nullopt, false), good), "notary.cert_requirements");
  EXPECT_EQ(with(constraints(false), good), "notary.cert_requirements");
  EXPECT_EQ(with(good, constraints(true, 0)), "notary.cert_requirements");
  EXPECT_EQ(with(good, constraints(true, 1)), "");
  EXPECT_EQ(with(constraints(true, 0), good), "");
}

// GS-NOTATION-070: a chain of one self-signed signing certificate is good when that very certificate is
// pinned.
TEST_F(VerifyTest, SelfSignedLeaf) {
  pki::Identity self = pki::self_signed(notary::leaf_spec());
  const Signer signer{std::move(self.key), {self.certificate}};
  EXPECT_EQ(code(signer), "notary.store");
  pin("ca", self.certificate);
  EXPECT_EQ(code(signer), "");
}

// GS-NOTATION-071: a certificate of the chain must be in a store that the policy names and that fits the
// scheme.
TEST_F(VerifyTest, Store) {
  const Authority other;
  EXPECT_EQ(code(other.signer()), "notary.store");
  policy_ = {{"trustStores", {"ca:other"}}};
  EXPECT_EQ(code(signer_), "notary.store");
  ASSERT_TRUE(store_.add_certificates(reference("ca", "other"), other.root.certificate.to_pem(), "other"));
  EXPECT_EQ(code(signer_), "notary.store");
  EXPECT_EQ(code(other.signer()), "");
  policy_ = {{"trustStores", {"signingAuthority:acme"}}};
  pin("signingAuthority", authority_.root.certificate);
  EXPECT_EQ(code(signer_), "notary.store");
}

// GS-NOTATION-072: an intermediate may be what is pinned.
TEST_F(VerifyTest, PinnedIntermediate) {
  policy_ = {{"trustStores", {"ca:intermediate"}}};
  ASSERT_TRUE(store_.add_certificates(reference("ca", "intermediate"),
                                      authority_.intermediate.certificate.der(), "i"));
  EXPECT_EQ(code(signer_), "");
}

// GS-NOTATION-073: the leaf's subject must match one of the trusted identities.
TEST_F(VerifyTest, Identity) {
  const auto identities = [&](const std::vector<std::string>& all) {
    policy_ = {{"trustedIdentities", all}};
    return code(signer_);
  };
  const std::string acme = "x509.subject: C=NO, ST=Oslo, O=Acme";
  EXPECT_EQ(identities({acme + ", CN=signer"}), "");
  EXPECT_EQ(identities({acme + ", CN=other"}), "notary.identity");
  EXPECT_EQ(identities({acme + ", CN=other", acme + ", CN=signer"}), "");
  EXPECT_EQ(identities({"x509.subject: C=NO, ST=Oslo, O=Other"}), "notary.identity");
  EXPECT_EQ(identities({"*"}), "");
  auto two = notary::leaf_spec();
  two.subject =
      pki::name({{"2.5.4.6", "NO"}, {"2.5.4.8", "Oslo"}, {"2.5.4.10", "Acme"}, {"2.5.4.10", "Evil"}});
  policy_ = {{"trustedIdentities", {acme}}};
  EXPECT_EQ(leaf_code(two), "notary.identity");
}

class ExpiryTest : public NotationTest {
 protected:
  ExpiryTest() {
    Jws jws(signer_);
    jws.protected_header["crit"].push_back("io.cncf.notary.expiry");
    jws.protected_header["io.cncf.notary.expiry"] = "2026-04-01T00:00:00Z";
    envelope_ = jws.text();
  }
  std::string envelope_;
};

// GS-NOTATION-074: a signature is good until just before its expiry.
TEST_F(ExpiryTest, Enforced) {
  now_ = pki::at("2026-04-01T00:00:00Z") - base::milliseconds(1);
  EXPECT_EQ(code(envelope_), "");
  now_ = pki::at("2026-04-01T00:00:00Z");
  EXPECT_EQ(code(envelope_), "notary.expired");
}

// GS-NOTATION-075: where the policy logs expiry, the signature verifies and what failed is reported.
TEST_F(ExpiryTest, Logged) {
  now_ = pki::at("2026-05-01T00:00:00Z");
  for (const Json& verification : {Json{{"level", "permissive"}}, Json{{"override", {{"expiry", "log"}}}}}) {
    policy_ = {{"signatureVerification", verification}};
    const auto verified = judge(envelope_);
    ASSERT_TRUE(verified) << verified.error().describe();
    ASSERT_EQ(verified->logged.size(), 1U);
    EXPECT_EQ(verified->logged[0].validation, "expiry");
    EXPECT_EQ(verified->logged[0].error.code(), "notary.expired");
    for (const Check& check : verified->checks) EXPECT_NE(check.name, "expiry");
  }
}

// GS-NOTATION-076: permissive never makes integrity, authenticity or identity a matter of the log.
TEST_F(VerifyTest, PermissiveStillEnforces) {
  policy_ = {{"signatureVerification", {{"level", "permissive"}}}};
  EXPECT_EQ(code(signer_), "");
  EXPECT_EQ(code(Authority().signer()), "notary.store");
  policy_["trustedIdentities"] = {"x509.subject: C=NO, ST=Oslo, O=Other"};
  EXPECT_EQ(code(signer_), "notary.identity");
  request_.artifact.size = 1;
  EXPECT_EQ(code(signer_), "notary.descriptor");
}

// GS-NOTATION-077: without a timestamp every certificate of the chain must be valid at the time of
// verification.
TEST_F(VerifyTest, ValidNow) {
  auto spec = notary::leaf_spec();
  spec.not_before = pki::at("2026-03-01T00:00:00Z");
  spec.not_after = pki::at("2026-06-01T00:00:00Z");
  const Signer signer = authority_.signer(spec);
  for (const auto& [time, expected] :
       {std::pair("2026-02-28T23:59:59Z", "notary.timestamp"), std::pair("2026-03-01T00:00:00Z", ""),
        std::pair("2026-06-01T00:00:00Z", ""), std::pair("2026-06-01T00:00:01Z", "notary.timestamp")}) {
    now_ = pki::at(time);
    EXPECT_EQ(code(signer), expected) << time;
  }
  policy_ = {{"signatureVerification", {{"level", "permissive"}}}};
  const auto verified = judge(Jws(signer).text());
  ASSERT_TRUE(verified) << verified.error().describe();
  ASSERT_EQ(verified->logged.size(), 1U);
  EXPECT_EQ(verified->logged[0].validation, "authenticTimestamp");
}

class SigningAuthorityTest : public NotationTest {
 protected:
  SigningAuthorityTest() {
    policy_ = {{"trustStores", {"signingAuthority:acme"}}};
    pin("signingAuthority", authority_.root.certificate);
  }
  static std::string envelope(const Signer& signer, const std::string& time) {
    Jws jws(signer);
    jws.protected_header.merge_patch(
        {{"io.cncf.notary.signingScheme", "notary.x509.signingAuthority"},
         {"io.cncf.notary.signingTime", nullptr},
         {"io.cncf.notary.authenticSigningTime", time},
         {"crit", {"io.cncf.notary.signingScheme", "io.cncf.notary.authenticSigningTime"}}});
    return jws.text();
  }
};

// GS-NOTATION-078: a signing authority's time decides whether the chain was valid, whatever the time is now.
TEST_F(SigningAuthorityTest, AuthenticSigningTime) {
  auto spec = notary::leaf_spec();
  spec.not_before = pki::at("2026-03-01T00:00:00Z");
  spec.not_after = pki::at("2026-06-01T00:00:00Z");
  const Signer signer = authority_.signer(spec);
  now_ = pki::at("2030-01-01T00:00:00Z");
  const auto verified = judge(envelope(signer, "2026-05-01T00:00:00Z"));
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->authentic_time, pki::at("2026-05-01T00:00:00Z"));
  EXPECT_EQ(verified->scheme, SigningScheme::signing_authority);
  EXPECT_EQ(code(envelope(signer, "2026-06-01T00:00:01Z")), "notary.timestamp");
  EXPECT_EQ(code(envelope(signer, "2026-02-01T00:00:00Z")), "notary.timestamp");
}

// GS-NOTATION-079: a signing authority is trusted by its own stores only.
TEST_F(SigningAuthorityTest, NeedsItsOwnStore) {
  policy_ = {{"trustStores", {"ca:acme"}}};
  EXPECT_EQ(code(envelope(signer_, "2026-05-01T00:00:00Z")), "notary.store");
  EXPECT_EQ(code(signer_), "");
}

// GS-NOTATION-080: annotations that are asked for must be signed, with the same values.
TEST_F(VerifyTest, Annotations) {
  Jws jws(signer_);
  jws.payload = notary::payload(request_.artifact, {{"site", "oslo"}, {"more", ""}});
  request_.annotations = {{"site", "oslo"}};
  EXPECT_EQ(code(jws.text()), "");
  request_.annotations = {{"site", "bergen"}};
  EXPECT_EQ(code(jws.text()), "notary.metadata");
  request_.annotations = {{"line", "oslo"}};
  EXPECT_EQ(code(jws.text()), "notary.metadata");
  policy_ = {{"signatureVerification", {{"level", "permissive"}}}};
  EXPECT_EQ(code(jws.text()), "notary.metadata");
}

}  // namespace
}  // namespace gridseal::notation
