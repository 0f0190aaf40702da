// Timestamps and revocation lists beside the signature.
#include "crypto/pem.hpp"
#include "fixture.hpp"

namespace gridseal::notation {
namespace {

class TimestampTest : public NotationTest {
 protected:
  TimestampTest() {
    policy_ = {{"trustStores", {"ca:acme", "tsa:acme"}}};
    pin("tsa", tsa_.root.certificate);
    auto spec = notary::leaf_spec();
    spec.not_before = pki::at("2026-03-01T00:00:00Z");
    spec.not_after = pki::at("2026-06-01T00:00:00Z");
    signer_ = authority_.signer(spec);
    stamp_.time = pki::at("2026-03-01T12:05:00Z");
    stamp_.certificates = {tsa_.leaf.certificate, tsa_.intermediate.certificate};
    now_ = pki::at("2027-01-01T00:00:00Z");
  }

  std::string stamped() const {
    Jws jws(signer_);
    jws.stamp = [this](std::string_view signature) {
      return pki::timestamp_token(stamp_, signature, tsa_.leaf);
    };
    return jws.text();
  }

  pki::Chain tsa_ = pki::time_stamping_chain();
  pki::TimestampSpec stamp_;
};

// GS-NOTATION-090: a verified timestamp proves that the chain was valid, also after it expired; both forms
// carry one.
TEST_F(TimestampTest, ProvesTheTime) {
  const auto verified = judge(stamped());
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->authentic_time, stamp_.time);
  Cose cose(signer_);
  cose.stamp = [this](std::string_view signature) {
    return pki::timestamp_token(stamp_, signature, tsa_.leaf);
  };
  EXPECT_EQ(code(cose.bytes()), "");
}

// GS-NOTATION-091: where a tsa store is configured the timestamp must be there, unless the policy asks for it
// only after the chain expired.
TEST_F(TimestampTest, IsAskedFor) {
  EXPECT_EQ(code(signer_), "notary.timestamp");
  now_ = pki::at("2026-04-01T00:00:00Z");
  EXPECT_EQ(code(signer_), "notary.timestamp");
  policy_["signatureVerification"] = {{"verifyTimestamp", "afterCertExpiry"}};
  EXPECT_EQ(code(signer_), "");
  now_ = pki::at("2026-06-01T00:00:01Z");
  EXPECT_EQ(code(signer_), "notary.timestamp");
  EXPECT_EQ(code(stamped()), "");
  now_ = pki::at("2026-02-01T00:00:00Z");
  EXPECT_EQ(code(stamped()), "notary.timestamp");
}

// GS-NOTATION-092: without a tsa store a timestamp counts for nothing.
TEST_F(TimestampTest, NeedsAStore) {
  policy_ = {{"trustStores", {"ca:acme"}}};
  EXPECT_EQ(code(stamped()), "notary.timestamp");
  now_ = pki::at("2026-04-01T00:00:00Z");
  const auto verified = judge(stamped());
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_FALSE(verified->authentic_time);
}

// GS-NOTATION-093: a timestamp over other bytes, of another authority, or none at all, is refused.
TEST_F(TimestampTest, MustVerify) {
  Jws jws(signer_);
  jws.stamp = [this](std::string_view) { return pki::timestamp_token(stamp_, "other", tsa_.leaf); };
  EXPECT_EQ(code(jws.text()), "notary.timestamp");
  jws.stamp = [](std::string_view) { return "token"; };
  EXPECT_EQ(code(jws.text()), "notary.timestamp");
  const pki::Chain other = pki::time_stamping_chain();
  jws.stamp = [&](std::string_view signature) {
    pki::TimestampSpec spec = stamp_;
    spec.certificates = {other.leaf.certificate, other.intermediate.certificate, other.root.certificate};
    return pki::timestamp_token(spec, signature, other.leaf);
  };
  EXPECT_EQ(code(jws.text()), "notary.timestamp");
  stamp_.ess_version = 0;
  EXPECT_EQ(code(stamped()), "notary.timestamp");
}

// GS-NOTATION-094: the time and its accuracy must lie within the validity of every certificate of the chain.
TEST_F(TimestampTest, LiesWithinTheChain) {
  stamp_.time = pki::at("2026-06-01T00:00:00Z");
  EXPECT_EQ(code(stamped()), "");
  stamp_.accuracy = base::seconds(1);
  EXPECT_EQ(code(stamped()), "notary.timestamp");
  stamp_.time = pki::at("2026-03-01T00:00:00Z");
  EXPECT_EQ(code(stamped()), "notary.timestamp");
  stamp_.time = pki::at("2026-03-01T00:00:01Z");
  EXPECT_EQ(code(stamped()), "");
  stamp_.time = pki::at("2026-02-01T00:00:00Z");
  EXPECT_EQ(code(stamped()), "notary.timestamp");
}

// GS-NOTATION-095: where the policy logs timestamps, a bad one is reported and gives no time.
TEST_F(TimestampTest, Logged) {
  policy_["signatureVerification"] = {{"override", {{"authenticTimestamp", "log"}}}};
  const auto verified = judge(Jws(signer_).text());
  ASSERT_TRUE(verified) << verified.error().describe();
  ASSERT_EQ(verified->logged.size(), 1U);
  EXPECT_EQ(verified->logged[0].error.code(), "notary.timestamp");
  EXPECT_FALSE(verified->authentic_time);
}

class RevocationTest : public NotationTest {
 protected:
  RevocationTest() {
    auto spec = notary::leaf_spec();
    spec.extensions.push_back(pki::crl_distribution_point("http://crl.example/acme.crl"));
    signer_ = authority_.signer(spec);
  }
  void pin_list(const pki::RevocationListSpec& spec, const pki::Identity& issuer) {
    const auto added = store_.add_revocation_lists(pki::revocation_list(spec, issuer), "a list");
    ASSERT_TRUE(added) << added.error().describe();
  }
  static pki::RevokedSpec revoked(std::optional<base::Time> invalid_since = {}) {
    return {"\x03", pki::at("2026-02-15T00:00:00Z"), invalid_since, 1, {}};
  }
  std::string verification_code(const Json& verification) {
    policy_ = {{"signatureVerification", verification}};
    return code(signer_);
  }
};

// GS-NOTATION-100: a certificate that names a list or a responder cannot be judged without a pinned list.
TEST_F(RevocationTest, Unavailable) {
  EXPECT_EQ(code(signer_), "notary.revocation_unavailable");
  auto responder = notary::leaf_spec();
  responder.extensions.push_back(pki::ocsp_responder("http://ocsp.example"));
  EXPECT_EQ(leaf_code(responder), "notary.revocation_unavailable");
  EXPECT_EQ(leaf_code(notary::leaf_spec()), "");  // nothing to ask
}

// GS-NOTATION-101: the policy may log or skip revocation; permissive logs it.
TEST_F(RevocationTest, Overrides) {
  EXPECT_EQ(verification_code({{"override", {{"revocation", "skip"}}}}), "");
  EXPECT_EQ(verification_code({{"override", {{"revocation", "log"}}}}), "");
  EXPECT_EQ(verification_code({{"level", "permissive"}}), "");
  const auto verified = judge(Jws(signer_).text());
  ASSERT_TRUE(verified);
  ASSERT_EQ(verified->logged.size(), 1U);
  EXPECT_EQ(verified->logged[0].validation, "revocation");
  EXPECT_EQ(verified->logged[0].error.code(), "notary.revocation_unavailable");
  EXPECT_EQ(verification_code({{"level", "permissive"}, {"override", {{"revocation", "enforce"}}}}),
            "notary.revocation_unavailable");
}

// GS-NOTATION-102: a current pinned list of the issuer answers; one of somebody else does not.
TEST_F(RevocationTest, PinnedList) {
  pin_list({}, authority_.root);
  pin_list({}, pki::self_signed(notary::intermediate_spec()));  // the right name, another key
  EXPECT_EQ(code(signer_), "notary.revocation_unavailable");
  pin_list({}, authority_.intermediate);
  now_ = pki::at("2026-03-15T00:00:00Z");
  EXPECT_EQ(code(signer_), "");
  now_ = pki::at("2026-04-01T00:00:01Z");
  EXPECT_EQ(code(signer_), "notary.revocation_unavailable");
}

// GS-NOTATION-103: a revoked certificate is refused, also by a list that is out of date.
TEST_F(RevocationTest, Revoked) {
  pki::RevocationListSpec list;
  list.revoked = {revoked()};
  pin_list(list, authority_.intermediate);
  EXPECT_EQ(code(signer_), "notary.revoked");
  now_ = pki::at("2027-01-01T00:00:00Z");
  EXPECT_EQ(code(signer_), "notary.revoked");
}

// GS-NOTATION-104: a revoked intermediate refuses what it issued.
TEST_F(RevocationTest, RevokedIntermediate) {
  pki::RevocationListSpec list;
  list.revoked = {{"\x02", pki::at("2026-02-15T00:00:00Z"), {}, {}, {}}};
  pin_list(list, authority_.root);
  EXPECT_EQ(leaf_code(notary::leaf_spec()), "notary.revoked");
}

// GS-NOTATION-105: a revocation that counts only from after the proven signing time does not matter; without
// a proven time it does.
TEST_F(RevocationTest, InvalidityDate) {
  pki::RevocationListSpec list;
  list.revoked = {revoked(pki::at("2026-03-01T13:00:00Z"))};
  pin_list(list, authority_.intermediate);
  EXPECT_EQ(code(signer_), "notary.revoked");
  pin("signingAuthority", authority_.root.certificate);
  policy_ = {{"trustStores", {"signingAuthority:acme"}}};
  const auto at = [&](const std::string& time) {
    Jws jws(signer_);
    jws.protected_header.merge_patch(
        {{"io.cncf.notary.signingScheme", "notary.x509.signingAuthority"},
         {"io.cncf.notary.signingTime", nullptr},
         {"io.cncf.notary.authenticSigningTime", time},
         {"crit", {"io.cncf.notary.signingScheme", "io.cncf.notary.authenticSigningTime"}}});
    return code(jws.text());
  };
  EXPECT_EQ(at("2026-03-01T12:59:59Z"), "");
  EXPECT_EQ(at("2026-03-01T13:00:00Z"), "notary.revoked");
}

// GS-NOTATION-106: a timestamping certificate that is revoked is refused as well.
TEST_F(TimestampTest, RevokedAuthority) {
  const std::string envelope = stamped();
  EXPECT_EQ(code(envelope), "");
  pki::RevocationListSpec list;
  list.revoked = {{std::string(tsa_.leaf.certificate.serial()), pki::at("2026-02-15T00:00:00Z"), {}, {}, {}}};
  ASSERT_TRUE(store_.add_revocation_lists(pki::revocation_list(list, tsa_.intermediate), "a list"));
  EXPECT_EQ(code(envelope), "notary.revoked");
}

}  // namespace
}  // namespace gridseal::notation
