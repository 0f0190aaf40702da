// Certificates of Fulcio and OpenSSL, and wrong ones of our own making.
#include "crypto/certificate.hpp"

#include <gmock/gmock.h>

#include "crypto/der.hpp"
#include "support/pki/pki.hpp"
#include "x509_fixtures.hpp"

namespace gridseal::crypto {
namespace {

namespace pki = test::pki;
using testing::ElementsAre;

// The error of a self-signed certificate made like this.
std::string code_for(const pki::CertificateSpec& spec) {
  const PrivateKey key = pki::new_key();
  return code_of(Certificate::from_der(pki::certificate_der(spec, key.public_key(), spec.subject, key)));
}

std::string code_with(const pki::ExtensionSpec& extension) {
  pki::CertificateSpec spec;
  spec.extensions = {extension};
  return code_for(spec);
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

// GS-CRYPTO-050: every field of a Fulcio certificate is read as it stands.
TEST(Certificate, ReadsFulcioLeaf) {
  const Certificate leaf = certificate("fulcio-leaf.pem");
  EXPECT_EQ(leaf.version(), 3);
  EXPECT_EQ(leaf.subject_text(), "");
  EXPECT_EQ(leaf.issuer_text(), "O=sigstore.dev,CN=sigstore-intermediate");
  EXPECT_EQ(base::format_rfc3339(leaf.not_before()), "2024-03-19T17:26:26Z");
  EXPECT_EQ(base::format_rfc3339(leaf.not_after()), "2024-03-19T17:36:26Z");
  EXPECT_TRUE(leaf.valid_at(leaf.not_before()));
  EXPECT_TRUE(leaf.valid_at(leaf.not_after()));
  EXPECT_FALSE(leaf.valid_at(leaf.not_before() - base::milliseconds(1)));
  EXPECT_FALSE(leaf.valid_at(leaf.not_after() + base::milliseconds(1)));
  ASSERT_TRUE(leaf.public_key());
  EXPECT_EQ(leaf.public_key()->kind(), KeyKind::ecdsa_p256);
  ASSERT_TRUE(leaf.key_usage());
  EXPECT_TRUE(leaf.key_usage()->critical);
  EXPECT_TRUE(leaf.key_usage()->digital_signature);
  EXPECT_FALSE(leaf.key_usage()->key_cert_sign);
  ASSERT_TRUE(leaf.extended_key_usage());
  EXPECT_THAT(leaf.extended_key_usage()->purposes, ElementsAre(oid::kCodeSigning));
  ASSERT_TRUE(leaf.subject_alt_names());
  EXPECT_TRUE(leaf.subject_alt_names()->critical);
  ASSERT_EQ(leaf.subject_alt_names()->names.size(), 1U);
  EXPECT_EQ(leaf.subject_alt_names()->names[0].kind, GeneralName::Kind::uri);
  EXPECT_EQ(
      leaf.subject_alt_names()->names[0].bytes,
      "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
      "extremely-dangerous-oidc-beacon.yml@refs/heads/main");
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_FALSE(leaf.self_issued());
  ASSERT_NE(leaf.find_extension(oid::kSctList), nullptr);
  const Extension* issuer = leaf.find_extension("1.3.6.1.4.1.57264.1.1");
  ASSERT_NE(issuer, nullptr);
  EXPECT_EQ(issuer->value, "https://token.actions.githubusercontent.com");
  const Certificate parent = certificate("fulcio-2022.pem");
  EXPECT_TRUE(leaf.check_signed_by(parent));
  EXPECT_EQ(leaf.authority_key_identifier(), parent.subject_key_identifier());
  EXPECT_EQ(code_of(leaf.check_signed_by(certificates("fulcio-2022.pem")[1])), "sig.invalid");
}

// GS-CRYPTO-051: subjects are given attribute for attribute with the short names of RFC 4514.
TEST(Certificate, SubjectAttributes) {
  const Certificate root = certificate("ed25519.pem");
  std::vector<std::string> parts;
  for (const NameAttribute& attribute : root.subject())
    parts.push_back(attribute.short_name + "=" + attribute.value);
  EXPECT_THAT(parts, ElementsAre("C=DE", "ST=Hessen", "L=Frankfurt", "O=Example Works", "OU=Line 4",
                                 "CN=ed25519 root"));
  EXPECT_EQ(root.subject().back().rdn, 5U);
  EXPECT_TRUE(root.self_issued());
  EXPECT_EQ(root.serial(), "\x4D");
}

// GS-CRYPTO-052: text of a name comes as UTF-8 whatever its string type; what is no text as hex of its DER.
TEST(Certificate, NamesOfEveryStringType) {
  const std::string subject = pki::name({{"2.5.4.3", "Gr\xC3\xBC\xC3\x9F"},
                                         {"2.5.4.10", bytes({0, 'A', 0x20, 0xAC}), 0x1E},
                                         {"2.5.4.11", "plain", 0x13},
                                         {"1.2.3.4", bytes({1, 2}), 0x04},
                                         {"2.5.4.7", "\xFF", 0x0C}});
  pki::CertificateSpec spec;
  spec.subject = subject;
  const auto made = pki::self_signed(spec);
  std::vector<std::string> values;
  for (const NameAttribute& attribute : made.certificate.subject()) values.push_back(attribute.value);
  EXPECT_THAT(values, ElementsAre("Gr\xC3\xBC\xC3\x9F", "A\xE2\x82\xAC", "plain", "#04020102", "#0c01ff"));
  EXPECT_EQ(made.certificate.subject()[3].short_name, "1.2.3.4");
  EXPECT_EQ(made.certificate.subject_der(), subject);
}

// GS-CRYPTO-053: certificates signed with Ed25519, RSA-PSS, RSA and ECDSA on each curve verify.
TEST(Certificate, SignaturesOfOpenSsl) {
  for (const char* name :
       {"ed25519.pem", "rsa-pss.pem", "rsa-sha512.pem", "secp384r1.pem", "secp521r1.pem"}) {
    const Certificate root = certificate(name);
    const auto good = root.check_signed_by(root);
    EXPECT_TRUE(good) << name << ": " << good.error().describe();
    EXPECT_TRUE(root.is_ca()) << name;
  }
  EXPECT_EQ(code_of(certificate("rsa-pss.pem").check_signed_by(certificate("ed25519.pem"))),
            "sig.alg_mismatch");
}

// GS-CRYPTO-054: SHA-1 signatures and keys of unsupported kinds are refused by name; such a certificate still
// parses.
TEST(Certificate, UnsupportedAlgorithms) {
  const Certificate sha1 = certificate("rsa-sha1.pem");
  const auto refused = sha1.check_signed_by(sha1);
  ASSERT_EQ(code_of(refused), "sig.alg_unsupported");
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("SHA-1"));
  const Certificate koblitz = certificate("secp256k1.pem");
  ASSERT_FALSE(koblitz.public_key());
  EXPECT_EQ(koblitz.public_key().error().code(), "sig.alg_unsupported");
  EXPECT_EQ(code_of(koblitz.check_signed_by(koblitz)), "sig.alg_unsupported");
}

// GS-CRYPTO-055: a certificate whose inner and outer signature algorithm differ is refused.
TEST(Certificate, AlgorithmsMustBeTheSame) {
  const PrivateKey key = pki::new_key();
  pki::CertificateSpec spec;
  spec.outer_signature_algorithm = pki::signature_algorithm(key.public_key(), Scheme::sha384);
  EXPECT_EQ(code_for(spec), "cert.parse");
}

// GS-CRYPTO-056: an extension that occurs twice is refused.
TEST(Certificate, DuplicateExtension) {
  pki::CertificateSpec spec;
  spec.extensions = {pki::utf8_extension("1.3.6.1.4.1.57264.1.8", "a"),
                     pki::utf8_extension("1.3.6.1.4.1.57264.1.8", "a")};
  EXPECT_EQ(code_for(spec), "cert.parse");
}

// GS-CRYPTO-057: malformed standard extensions are refused, not ignored.
TEST(Certificate, MalformedExtensions) {
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.19", bytes({0x30, 3, 1, 1, 0}))), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.19", bytes({0x30, 3, 1, 1, 1}))), "cert.parse");
  EXPECT_EQ(code_with(pki::basic_constraints(false, 1)), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.15", bytes({3, 2, 0, 0x80}))), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.15", bytes({3, 2, 7, 0x81}))), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.15", bytes({3, 1, 0}))), "cert.parse");
  EXPECT_EQ(code_with(pki::extended_key_usage({})), "cert.parse");
  EXPECT_EQ(code_with(pki::subject_alt_names({})), "cert.parse");
  EXPECT_EQ(code_with(pki::subject_alt_names({pki::uri("caf\xC3\xA9")})), "cert.parse");
  EXPECT_EQ(code_with(pki::subject_alt_names({bytes({0xA6, 0})})), "cert.parse");
  EXPECT_EQ(code_with(pki::subject_alt_names({bytes({0x89, 0})})), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.14", "x")), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("2.5.29.35", bytes({0x30, 2, 0x81, 0}))), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("1.3.6.1.5.5.7.1.1", "x")), "cert.parse");
  EXPECT_EQ(code_with(pki::raw_extension("1.2.3.4", "anything")), "");
}

// GS-CRYPTO-058: bytes before or after a certificate, other versions and indefinite lengths are refused.
TEST(Certificate, StrictFrame) {
  const std::string der = certificate("fulcio-leaf.pem").der();
  EXPECT_EQ(code_of(Certificate::from_der(der + '\0')), "parse.der");
  EXPECT_EQ(code_of(Certificate::from_der("")), "parse.der");
  EXPECT_EQ(code_of(Certificate::from_der(std::string(Certificate::kMaxSize + 1, '0'))), "parse.limit");
  pki::CertificateSpec spec;
  spec.version = 2;
  EXPECT_EQ(code_for(spec), "cert.parse");
  spec.version = 1;
  EXPECT_EQ(code_for(spec), "");
  spec.extensions = {pki::basic_constraints(true)};
  EXPECT_EQ(code_for(spec), "parse.der");
  EXPECT_EQ(code_of(Certificate::from_pem(x509_fixture("fulcio-2022.pem"))), "parse.limit");
  EXPECT_EQ(code_of(Certificate::from_pem_bundle(crypto_fixture("prime256v1.pub"))), "parse.pem");
}

// GS-CRYPTO-059: names of the subject's alternatives keep their kind and bytes, otherName its type and value.
TEST(Certificate, AlternativeNames) {
  pki::CertificateSpec spec;
  spec.extensions = {pki::subject_alt_names({pki::email("a@example.org"), pki::dns("example.org"),
                                             pki::other_name("1.3.6.1.4.1.57264.1.7", "user!name")},
                                            false),
                     pki::crl_distribution_point("http://example.org/crl"),
                     pki::ocsp_responder("http://example.org/ocsp")};
  const auto made = pki::self_signed(spec);
  const auto& names = made.certificate.subject_alt_names()->names;
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0].kind, GeneralName::Kind::rfc822_name);
  EXPECT_EQ(names[0].bytes, "a@example.org");
  EXPECT_EQ(names[1].kind, GeneralName::Kind::dns_name);
  EXPECT_EQ(names[2].kind, GeneralName::Kind::other_name);
  EXPECT_EQ(names[2].other_type, "1.3.6.1.4.1.57264.1.7");
  EXPECT_EQ(names[2].other_tag, der::kUtf8String);
  EXPECT_EQ(names[2].other_value, "user!name");
  EXPECT_TRUE(made.certificate.has_crl_distribution_points());
  EXPECT_TRUE(made.certificate.has_ocsp());
  EXPECT_FALSE(certificate("ed25519.pem").has_ocsp());
}

// GS-CRYPTO-060: a TBSCertificate without one extension equals what was never given that extension.
TEST(Certificate, TbsWithoutExtension) {
  const PrivateKey key = pki::new_key();
  pki::CertificateSpec spec = pki::code_signing_spec({pki::uri("https://example.org/")});
  const auto plain = pki::to_be_signed(spec, key.public_key(), spec.subject, key.public_key());
  spec.extensions.insert(spec.extensions.begin() + 1,
                         pki::raw_extension(oid::kSctList, std::string(300, 's')));
  const auto made = pki::must_parse(pki::certificate_der(spec, key.public_key(), spec.subject, key));
  EXPECT_EQ(made.tbs_without_extension(oid::kSctList), plain);
  EXPECT_EQ(made.tbs_without_extension("1.2.3"), made.tbs());
}

// GS-CRYPTO-061: times beyond 2038 and 2049 are kept exactly.
TEST(Certificate, LateTimes) {
  pki::CertificateSpec spec;
  for (const char* text :
       {"2038-01-19T03:14:08Z", "2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    spec.not_after = pki::at(text);
    EXPECT_EQ(base::format_rfc3339(pki::self_signed(spec).certificate.not_after()), text);
  }
}

// GS-CRYPTO-062: no single bit of a certificate can change unnoticed, and no beginning of one is a
// certificate.
TEST(Certificate, EveryBitAndEveryLength) {
  const pki::Chain chain = pki::code_signing_chain({pki::uri("https://example.org/")});
  const Certificate& parent = chain.intermediate.certificate;
  const std::string good = chain.leaf.certificate.der();
  ASSERT_TRUE(chain.leaf.certificate.check_signed_by(parent));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    const auto parsed = Certificate::from_der(bad);
    EXPECT_FALSE(parsed && parsed->check_signed_by(parent)) << "bit " << bit;
  }
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(Certificate::from_der(std::string_view(good).substr(0, size))) << size;
}

}  // namespace
}  // namespace gridseal::crypto
