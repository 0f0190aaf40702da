#include "crypto/certificate_path.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "support/pki/pki.hpp"
#include "x509_fixtures.hpp"

namespace gridseal::crypto {
namespace {

namespace pki = test::pki;

const base::Time kSigned = pki::at("2026-03-01T12:05:00Z");

class Paths : public testing::Test {
 protected:
  std::string code(base::Time time = kSigned) const {
    return code_of(validate_path(chain.leaf.certificate, chain.authority(), Purpose::code_signing, time));
  }
  void leaf(const std::function<void(pki::CertificateSpec&)>& change) {
    pki::CertificateSpec spec = pki::code_signing_spec({pki::uri("https://example.org/")});
    change(spec);
    chain.leaf = pki::issue(spec, chain.intermediate);
  }
  // Another intermediate, and a leaf below it.
  void intermediate(const std::function<void(pki::CertificateSpec&)>& change) {
    pki::CertificateSpec spec = pki::ca_spec("Test intermediate", 0);
    change(spec);
    chain.intermediate = pki::issue(spec, chain.root);
    leaf([](auto&) {});
  }

  pki::Chain chain = pki::code_signing_chain({pki::uri("https://example.org/")});
};

// GS-CRYPTO-063: Fulcio's certificate leads to Fulcio's root at its time, through an intermediate that is the
// anchor as well, and to no other authority.
TEST(FulcioPath, RealChain) {
  const Certificate leaf = certificate("fulcio-leaf.pem");
  const auto fulcio = certificates("fulcio-2022.pem");
  const auto path = validate_path(leaf, fulcio, Purpose::code_signing, leaf.not_before());
  ASSERT_TRUE(path) << path.error().describe();
  EXPECT_EQ(*path, (std::vector<Certificate>{leaf, fulcio[0], fulcio[1]}));
  const auto shorter = validate_path(leaf, {}, {fulcio[0]}, Purpose::code_signing, leaf.not_after());
  ASSERT_TRUE(shorter);
  EXPECT_EQ(shorter->size(), 2U);
  EXPECT_EQ(
      code_of(validate_path(leaf, certificates("fulcio-2021.pem"), Purpose::code_signing, leaf.not_before())),
      "cert.untrusted_chain");
  EXPECT_EQ(code_of(validate_path(leaf, fulcio, Purpose::time_stamping, leaf.not_before())), "cert.eku");
  EXPECT_TRUE(check_ordered_chain(fulcio));
  EXPECT_EQ(code_of(check_ordered_chain({fulcio[1], fulcio[0]})), "cert.untrusted_chain");
}

// GS-CRYPTO-064: the path is checked at the time of signing, both ends of every validity included.
TEST_F(Paths, TimeOfSigning) {
  EXPECT_EQ(code(), "");
  EXPECT_EQ(code(chain.leaf.certificate.not_before()), "");
  EXPECT_EQ(code(chain.leaf.certificate.not_after()), "");
  EXPECT_EQ(code(pki::at("2026-03-01T11:59:59Z")), "cert.not_valid_at_signing_time");
  EXPECT_EQ(code(pki::at("2026-03-01T12:10:00.001Z")), "cert.not_valid_at_signing_time");
  intermediate([](auto& spec) { spec.not_after = pki::at("2026-03-01T12:04:59Z"); });
  EXPECT_EQ(code(), "cert.ca_not_valid_at_signing_time");
  EXPECT_EQ(code(pki::at("2026-03-01T12:04:59Z")), "");
  intermediate([](auto& spec) { spec.not_before = pki::at("2026-03-01T12:05:01Z"); });
  EXPECT_EQ(code(), "cert.ca_not_valid_at_signing_time");
}

// GS-CRYPTO-065: an anchor outside its validity ends no path.
TEST_F(Paths, AnchorIsHeldToItsValidity) {
  pki::CertificateSpec spec = pki::ca_spec("Test root", 1);
  spec.not_after = pki::at("2026-02-01T00:00:00Z");
  chain.root = pki::self_signed(spec);
  intermediate([](auto&) {});
  EXPECT_EQ(code(), "cert.ca_not_valid_at_signing_time");
}

// GS-CRYPTO-066: a leaf needs codeSigning and digitalSignature and must be no CA.
TEST_F(Paths, LeafProfile) {
  const std::string code_signing(oid::kCodeSigning);
  const std::string any(oid::kAnyExtendedKeyUsage);
  leaf([](auto& spec) { spec.extensions.erase(spec.extensions.begin() + 1); });
  EXPECT_EQ(code(), "cert.eku");
  leaf([&](auto& spec) { spec.extensions[1] = pki::extended_key_usage({any}); });
  EXPECT_EQ(code(), "cert.eku");
  leaf([&](auto& spec) { spec.extensions[1] = pki::extended_key_usage({code_signing, any}); });
  EXPECT_EQ(code(), "cert.eku");
  leaf([](auto& spec) { spec.extensions[1] = pki::extended_key_usage({std::string(oid::kServerAuth)}); });
  EXPECT_EQ(code(), "cert.eku");
  leaf([](auto& spec) { spec.extensions.erase(spec.extensions.begin()); });
  EXPECT_EQ(code(), "cert.key_usage");
  leaf([](auto& spec) { spec.extensions[0] = pki::key_usage({1}); });
  EXPECT_EQ(code(), "cert.key_usage");
  leaf([](auto& spec) { spec.extensions.push_back(pki::basic_constraints(true)); });
  EXPECT_EQ(code(), "cert.key_usage");
  leaf([](auto& spec) { spec.extensions.push_back(pki::basic_constraints(false)); });
  EXPECT_EQ(code(), "");
}

// GS-CRYPTO-067: a critical extension that is not understood is refused in leaf and issuer; one that is not
// critical changes nothing.
TEST_F(Paths, CriticalExtensions) {
  leaf([](auto& spec) { spec.extensions.push_back(pki::raw_extension("1.2.3.4", "x")); });
  EXPECT_EQ(code(), "");
  leaf([](auto& spec) { spec.extensions.push_back(pki::raw_extension("1.2.3.4", "x", true)); });
  EXPECT_EQ(code(), "cert.critical_ext");
  intermediate([](auto& spec) { spec.extensions.push_back(pki::raw_extension("2.5.29.30", "x", true)); });
  EXPECT_EQ(code(), "cert.critical_ext");
}

// GS-CRYPTO-068: only a CA with keyCertSign issues; a leaf cannot.
TEST_F(Paths, Issuers) {
  intermediate([](auto& spec) { spec.extensions[0] = pki::basic_constraints(false); });
  EXPECT_EQ(code(), "cert.untrusted_chain");
  intermediate([](auto& spec) { spec.extensions.erase(spec.extensions.begin()); });
  EXPECT_EQ(code(), "cert.untrusted_chain");
  intermediate([](auto& spec) { spec.extensions[1] = pki::key_usage({0, 6}); });
  EXPECT_EQ(code(), "cert.key_usage");
  intermediate([](auto& spec) { spec.extensions.pop_back(); });
  EXPECT_EQ(code(), "cert.key_usage");
  intermediate([](auto&) {});
  const pki::Identity below =
      pki::issue(pki::code_signing_spec({pki::uri("https://evil.example/")}), chain.leaf);
  EXPECT_EQ(code_of(validate_path(below.certificate, {chain.leaf.certificate, chain.intermediate.certificate},
                                  {chain.root.certificate}, Purpose::code_signing, kSigned)),
            "cert.untrusted_chain");
}

// GS-CRYPTO-069: the extended key usage of an issuer, where present, must allow what it issued.
TEST_F(Paths, NestedUsage) {
  const auto with = [&](std::string_view oid) {
    intermediate([&](auto& spec) { spec.extensions.push_back(pki::extended_key_usage({std::string(oid)})); });
    return code();
  };
  EXPECT_EQ(with(oid::kCodeSigning), "");
  EXPECT_EQ(with(oid::kAnyExtendedKeyUsage), "");
  EXPECT_EQ(with(oid::kTimeStamping), "cert.eku");
}

// GS-CRYPTO-070: path lengths are honoured.
TEST_F(Paths, PathLength) {
  const pki::Identity lower =
      pki::issue(pki::ca_spec("Lower CA"), chain.intermediate);  // its parent allows none
  const pki::Identity leaf = pki::issue(pki::code_signing_spec({pki::uri("https://example.org/")}), lower);
  const std::vector<Certificate> both = {lower.certificate, chain.intermediate.certificate};
  EXPECT_EQ(code_of(validate_path(leaf.certificate, both, {chain.root.certificate}, Purpose::code_signing,
                                  kSigned)),
            "cert.untrusted_chain");
  EXPECT_TRUE(validate_path(leaf.certificate, {}, {lower.certificate}, Purpose::code_signing, kSigned));
  EXPECT_EQ(code_of(check_ordered_chain({lower.certificate, chain.intermediate.certificate})),
            "cert.untrusted_chain");
}

// GS-CRYPTO-071: an issuer of the same name with another key is no issuer; the right one is found beside it.
TEST_F(Paths, SameNameOtherKey) {
  const pki::Identity twin = pki::issue(pki::ca_spec("Test intermediate", 0), chain.root);
  const pki::Identity stranger = pki::self_signed(pki::ca_spec("Test root", 1));
  const Certificate& leaf = chain.leaf.certificate;
  EXPECT_TRUE(validate_path(leaf, {twin.certificate, chain.intermediate.certificate},
                            {stranger.certificate, chain.root.certificate}, Purpose::code_signing, kSigned));
  EXPECT_EQ(code_of(validate_path(leaf, {twin.certificate}, {chain.root.certificate}, Purpose::code_signing,
                                  kSigned)),
            "cert.untrusted_chain");
  EXPECT_EQ(code_of(validate_path(leaf, {chain.intermediate.certificate}, {stranger.certificate},
                                  Purpose::code_signing, kSigned)),
            "cert.untrusted_chain");
}

// GS-CRYPTO-072: key identifiers that disagree refuse an issuer whose signature would be good.
TEST_F(Paths, KeyIdentifiers) {
  const PrivateKey other = pki::new_key();
  intermediate(
      [&](auto& spec) { spec.extensions.push_back(pki::subject_key_identifier(other.public_key())); });
  leaf([&](auto& spec) { spec.extensions.push_back(pki::authority_key_identifier(other.public_key())); });
  EXPECT_EQ(code(), "");
  leaf([&](auto& spec) {
    spec.extensions.push_back(pki::authority_key_identifier(chain.root.key.public_key()));
  });
  EXPECT_EQ(code(), "cert.untrusted_chain");
}

// GS-CRYPTO-073: many certificates of one name that sign each other are worked through once, not in every
// order.
TEST_F(Paths, BoundedWork) {
  const PrivateKey key = pki::new_key();
  pki::CertificateSpec spec = pki::ca_spec("Loop");
  std::vector<Certificate> loop;
  for (char i = 0; i < 16; ++i) {
    spec.serial = std::string(1, static_cast<char>(i + 1));
    loop.push_back(pki::must_parse(pki::certificate_der(spec, key.public_key(), spec.subject, key)));
  }
  const auto leaf = pki::must_parse(
      pki::certificate_der(pki::code_signing_spec({}), pki::new_key().public_key(), spec.subject, key));
  EXPECT_EQ(code_of(validate_path(leaf, loop, {chain.root.certificate}, Purpose::code_signing, kSigned)),
            "cert.untrusted_chain");
  loop.push_back(loop.front());
  EXPECT_EQ(code_of(validate_path(leaf, loop, {chain.root.certificate}, Purpose::code_signing, kSigned)),
            "parse.limit");
}

// GS-CRYPTO-074: a path has at most eight certificates.
TEST_F(Paths, LongestPath) {
  std::vector<pki::Identity> identities;
  identities.push_back(pki::self_signed(pki::ca_spec("CA 0")));
  std::vector<Certificate> cas;
  for (int i = 1; i <= 7; ++i) {
    identities.push_back(pki::issue(pki::ca_spec("CA " + std::to_string(i)), identities.back()));
    cas.push_back(identities.back().certificate);
  }
  const std::vector<Certificate> anchor = {identities.front().certificate};
  const auto under = [&](size_t ca) {
    const auto leaf = pki::issue(pki::code_signing_spec({}), identities[ca]);
    return code_of(validate_path(leaf.certificate, cas, anchor, Purpose::code_signing, kSigned));
  };
  EXPECT_EQ(under(6), "");
  EXPECT_EQ(under(7), "cert.untrusted_chain");
}

// GS-CRYPTO-075: a chain through unsupported algorithms is refused and the reason named.
TEST_F(Paths, UnsupportedAlgorithm) {
  const Certificate sha1 = certificate("rsa-sha1.pem");
  const auto refused = check_issued_by(sha1, sha1);
  ASSERT_EQ(code_of(refused), "cert.untrusted_chain");
  EXPECT_NE(refused.error().message().find("SHA-1"), std::string::npos);
}

}  // namespace
}  // namespace gridseal::crypto
