#include "crypto/timestamp.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "support/pki/pki.hpp"
#include "x509_fixtures.hpp"

namespace gridseal::crypto {
namespace {

namespace pki = test::pki;

constexpr std::string_view kStamped = "the bytes of a signature";

class Timestamps : public testing::Test {
 protected:
  TimestampAuthority authority() const { return {chain.certificates(), {}, {}}; }
  std::string token() const { return pki::timestamp_token(spec, kStamped, chain.leaf); }
  // The outcome against the authority with its leaf listed.
  std::string code() const { return code(authority()); }
  std::string code(const TimestampAuthority& known) const {
    const auto parsed = parse_timestamp_token(token());
    if (!parsed) return parsed.error().code();
    return code_of(verify_timestamp(*parsed, kStamped, known));
  }

  pki::Chain chain = pki::time_stamping_chain();
  pki::TimestampSpec spec;
};

// GS-CRYPTO-100: a timestamp of sigstore's authority verifies, its signer listed there and not in the token.
TEST(SigstoreTimestamp, Verifies) {
  const auto token = parse_timestamp_response(x509_fixture("sigstore.tsr"));
  ASSERT_TRUE(token) << token.error().describe();
  const TimestampAuthority known{certificates("sigstore-tsr-authority.pem"), {}, {}};
  const TimestampAuthority other{certificates("sigstore-tsa.pem"), {}, {}};
  const std::string stamped = x509_fixture("sigstore.stamped");
  const auto verified = verify_timestamp(*token, stamped, std::vector{other, known});
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(base::format_rfc3339(verified->time), "2025-06-12T12:02:20Z");
  EXPECT_EQ(verified->accuracy, base::seconds(1));
  EXPECT_EQ(verified->authority, 1U);
  EXPECT_EQ(verified->path.size(), 2U);
  EXPECT_EQ(code_of(verify_timestamp(*token, stamped, other)), "tsa.untrusted");
  EXPECT_EQ(code_of(verify_timestamp(*token, stamped + "x", known)), "tsa.imprint");
}

// GS-CRYPTO-101: a timestamp of OpenSSL with RSA, SHA-512 imprint, accuracy and the older signing certificate
// attribute verifies from its anchor alone, as response and as bare token.
TEST(OpenSslTimestamp, Verifies) {
  const auto response = parse_timestamp_response(x509_fixture("openssl.tsr"));
  ASSERT_TRUE(response) << response.error().describe();
  const auto token = parse_timestamp_token(x509_fixture("openssl.tst"));
  ASSERT_TRUE(token) << token.error().describe();
  EXPECT_EQ(token->der, response->der);
  EXPECT_TRUE(token->ess_sha1);
  const auto anchors = certificates("openssl-tsa-root.pem");
  const auto verified = verify_timestamp_with_anchors(*token, x509_fixture("openssl.stamped"), anchors);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->accuracy, base::milliseconds(1501));
  EXPECT_EQ(verified->latest() - verified->earliest(), base::milliseconds(3002));
  EXPECT_EQ(code_of(verify_timestamp_with_anchors(*token, "other bytes", anchors)), "tsa.imprint");
  EXPECT_EQ(code_of(verify_timestamp_with_anchors(*token, "x", certificates("sigstore-tsa.pem"))),
            "tsa.untrusted");
}

// GS-CRYPTO-102: the signer may be listed with the authority or come with the token; without either the token
// is of nobody known.
TEST_F(Timestamps, WhereTheSignerComesFrom) {
  EXPECT_EQ(code(), "");
  const TimestampAuthority roots{chain.authority(), {}, {}};
  EXPECT_EQ(code(roots), "tsa.untrusted");
  spec.certificates = {chain.leaf.certificate};
  EXPECT_EQ(code(roots), "");
  const TimestampAuthority root{{chain.root.certificate}, {}, {}};
  EXPECT_EQ(code(root), "tsa.untrusted");
  spec.certificates = {chain.intermediate.certificate, chain.leaf.certificate};
  EXPECT_EQ(code(root), "");
  // An authority of the same names with other keys takes the token for its own, and finds it wrong.
  EXPECT_EQ(code({pki::time_stamping_chain().certificates(), {}, {}}), "tsa.signature");
  EXPECT_EQ(code({{chain.leaf.certificate}, {}, {}}), "tsa.untrusted");
  EXPECT_EQ(code({}), "tsa.untrusted");
}

// GS-CRYPTO-103: a whole chain of somebody else in the token convinces nobody.
TEST_F(Timestamps, ForeignChain) {
  const pki::Chain foreign = pki::time_stamping_chain();
  spec.certificates = foreign.certificates();
  const auto token = parse_timestamp_token(pki::timestamp_token(spec, kStamped, foreign.leaf));
  ASSERT_TRUE(token);
  EXPECT_EQ(code_of(verify_timestamp(*token, kStamped, TimestampAuthority{chain.authority(), {}, {}})),
            "tsa.untrusted");
  // The same names, so that only the signature tells.
  EXPECT_NE(code_of(verify_timestamp(*token, kStamped, authority())), "");
}

// GS-CRYPTO-104: the signing certificate attribute must be there, in version 1 or 2, and name the signer.
TEST_F(Timestamps, SigningCertificateAttribute) {
  spec.ess_version = 1;
  EXPECT_EQ(code(), "");
  spec.ess_digest = std::string(20, 'x');
  EXPECT_EQ(code(), "tsa.signature");
  spec.ess_version = 2;
  EXPECT_EQ(code(), "tsa.signature");
  spec.ess_digest.clear();
  EXPECT_EQ(code(), "");
  spec.ess_version = 0;
  EXPECT_EQ(code(), "tsa.signature");
}

// GS-CRYPTO-105: content type, message digest, signed attributes and the number of signers are as RFC 3161
// wants them.
TEST_F(Timestamps, SignatureForm) {
  const auto with = [&](const std::function<void(pki::TimestampSpec&)>& change) {
    spec = {};
    change(spec);
    return code();
  };
  EXPECT_EQ(with([](auto& s) { s.message_digest = std::string(32, 'x'); }), "tsa.signature");
  EXPECT_EQ(with([](auto& s) { s.attribute_content_type = "1.2.840.113549.1.7.1"; }), "tsa.signature");
  EXPECT_EQ(with([](auto& s) { s.content_type = "1.2.840.113549.1.7.1"; }), "tsa.parse");
  EXPECT_EQ(with([](auto& s) { s.signed_attributes = false; }), "tsa.signature");
  EXPECT_EQ(with([](auto& s) { s.signers = 2; }), "tsa.signature");
  EXPECT_EQ(with([](auto& s) { s.signers = 0; }), "tsa.signature");
  EXPECT_EQ(with([](auto& s) { s.tst_version = 2; }), "tsa.parse");
}

// GS-CRYPTO-106: imprints are SHA-256, 384 or 512 of the stamped bytes; SHA-1 and MD5 are refused.
TEST_F(Timestamps, Imprints) {
  for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
    spec.imprint_hash = hash;
    EXPECT_EQ(code(), "");
  }
  spec.imprint = std::string(64, 'x');
  EXPECT_EQ(code(), "tsa.imprint");
  spec.imprint = std::string(63, 'x');
  EXPECT_EQ(code(), "tsa.parse");
  spec.imprint = std::string(20, 'x');
  spec.imprint_algorithm = "1.3.14.3.2.26";
  EXPECT_EQ(code(), "tsa.imprint");
  spec.imprint_algorithm = "1.2.840.113549.2.5";
  EXPECT_EQ(code(), "tsa.imprint");
}

// GS-CRYPTO-107: an answer that was not granted is refused; granted with changes is granted.
TEST_F(Timestamps, Status) {
  const std::string bare = token();
  EXPECT_TRUE(parse_timestamp_response(pki::timestamp_response(bare, 0)));
  EXPECT_TRUE(parse_timestamp_response(pki::timestamp_response(bare, 1)));
  for (int status = 2; status < 6; ++status)
    EXPECT_EQ(code_of(parse_timestamp_response(pki::timestamp_response(bare, status))), "tsa.status");
  EXPECT_EQ(code_of(parse_timestamp_response(pki::timestamp_response("", 0))), "tsa.parse");
  EXPECT_EQ(code_of(parse_timestamp_response(bare)), "tsa.parse");
  EXPECT_EQ(code_of(parse_timestamp_token(bare + "x")), "tsa.parse");
  EXPECT_EQ(code_of(parse_timestamp_token(std::string(kMaxTimestampSize + 1, 'x'))), "parse.limit");
}

// GS-CRYPTO-108: the signer's certificate is for time stamping alone, critically so, and no CA.
TEST_F(Timestamps, SignerProfile) {
  const std::string stamping(oid::kTimeStamping);
  const std::vector<std::vector<pki::ExtensionSpec>> bad = {
      {pki::key_usage({0})},
      {pki::key_usage({0}), pki::extended_key_usage({stamping}, false)},
      {pki::key_usage({0}), pki::extended_key_usage({stamping, std::string(oid::kCodeSigning)}, true)},
      {pki::key_usage({0}), pki::extended_key_usage({std::string(oid::kCodeSigning)}, true)},
      {pki::key_usage({5}), pki::extended_key_usage({stamping}, true)},
      {pki::key_usage({0}), pki::extended_key_usage({stamping}, true),
       pki::raw_extension("1.2.3.4", "x", true)}};
  for (const auto& extensions : bad) {
    pki::CertificateSpec leaf = pki::time_stamping_spec("Bad");
    leaf.extensions = extensions;
    chain.leaf = pki::issue(leaf, chain.intermediate);
    EXPECT_EQ(code(), "tsa.cert") << extensions.size();
  }
}

// GS-CRYPTO-109: the time lies within every certificate's and the authority's validity, ends included.
TEST_F(Timestamps, Validity) {
  TimestampAuthority known = authority();
  known.valid_from = spec.time;
  known.valid_until = spec.time;
  EXPECT_EQ(code(known), "");
  known.valid_until = spec.time - base::milliseconds(1);
  EXPECT_EQ(code(known), "tsa.expired");
  known.valid_until.reset();
  known.valid_from = spec.time + base::milliseconds(1);
  EXPECT_EQ(code(known), "tsa.expired");
  spec.time = pki::at("2036-01-01T00:00:00Z");
  EXPECT_EQ(code(), "");
  spec.time += base::milliseconds(1);
  EXPECT_EQ(code(), "tsa.expired");
  pki::CertificateSpec short_lived = pki::ca_spec("Test time intermediate", 0);
  short_lived.not_after = pki::at("2026-02-01T00:00:00Z");
  chain.intermediate = pki::issue(short_lived, chain.root);
  chain.leaf = pki::issue(pki::time_stamping_spec("Short"), chain.intermediate);
  spec.time = pki::at("2026-03-01T00:00:00Z");
  EXPECT_EQ(code(), "tsa.expired");
}

// GS-CRYPTO-110: fractions of seconds are read as DER writes them and no other way.
TEST_F(Timestamps, Fractions) {
  const auto time_of = [&](const std::string& text) {
    spec.gen_time = text;
    const auto parsed = parse_timestamp_token(token());
    return parsed ? base::format_rfc3339(parsed->time) : parsed.error().code();
  };
  EXPECT_EQ(time_of("20260301120500Z"), "2026-03-01T12:05:00Z");
  EXPECT_EQ(time_of("20260301120500.25Z"), "2026-03-01T12:05:00.250Z");
  EXPECT_EQ(time_of("20260301120500.0015Z"), "2026-03-01T12:05:00.001Z");
  for (const char* bad : {"20260301120500.10Z", "20260301120500.Z", "20260301120500+0100", "202603011205Z",
                          "20260230120500Z", "20260301240000Z", "20260301120060Z"})
    EXPECT_EQ(time_of(bad), "tsa.parse") << bad;
}

// GS-CRYPTO-111: an authority that knows the signer decides; one that does not leaves it to the next.
TEST_F(Timestamps, SeveralAuthorities) {
  const auto parsed = parse_timestamp_token(token());
  const TimestampAuthority stranger{certificates("sigstore-tsa.pem"), {}, {}};
  TimestampAuthority ended = authority();
  ended.valid_until = pki::at("2026-01-02T00:00:00Z");
  using List = std::vector<TimestampAuthority>;
  EXPECT_EQ(verify_timestamp(*parsed, kStamped, List{stranger, ended, authority()})->authority, 2U);
  EXPECT_EQ(code_of(verify_timestamp(*parsed, kStamped, List{stranger, ended})), "tsa.expired");
  EXPECT_EQ(code_of(verify_timestamp(*parsed, kStamped, List{stranger})), "tsa.untrusted");
  EXPECT_EQ(code_of(verify_timestamp(*parsed, kStamped, List{})), "tsa.untrusted");
}

// GS-CRYPTO-114: a token whose signature names a known signer, and which names another one outside of it, is
// altered and no stranger's.
TEST_F(Timestamps, SignerNamedOutsideOfTheSignature) {
  const auto parsed = parse_timestamp_token(token());
  for (std::string TimestampToken::*name : {&TimestampToken::signer_issuer, &TimestampToken::signer_serial}) {
    TimestampToken altered = *parsed;
    altered.*name += "x";
    EXPECT_EQ(code_of(verify_timestamp(altered, kStamped, authority())), "tsa.signature");
    altered.ess_digest += "x";
    EXPECT_EQ(code_of(verify_timestamp(altered, kStamped, authority())), "tsa.untrusted");
  }
}

// GS-CRYPTO-112: no single bit of a token can change unnoticed, and no beginning of one is a token.
TEST_F(Timestamps, EveryBitAndEveryLength) {
  const pki::Identity root = pki::self_signed(pki::ca_spec("Root"));
  const pki::Identity signer = pki::issue(pki::time_stamping_spec("Signer"), root);
  spec.certificates = {signer.certificate};
  spec.accuracy = base::milliseconds(1500);
  const std::string good = pki::timestamp_token(spec, kStamped, signer);
  const std::vector<Certificate> anchors = {root.certificate};
  const auto passes = [&](std::string_view bytes) {
    const auto parsed = parse_timestamp_token(bytes);
    return parsed && verify_timestamp_with_anchors(*parsed, kStamped, anchors);
  };
  ASSERT_TRUE(passes(good));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    EXPECT_FALSE(passes(bad)) << "bit " << bit;
  }
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(passes(good.substr(0, size))) << size;
}

}  // namespace
}  // namespace gridseal::crypto
