#include "crypto/revocation_list.hpp"

#include <gmock/gmock.h>

#include "support/pki/pki.hpp"
#include "x509_fixtures.hpp"

namespace gridseal::crypto {
namespace {

namespace pki = test::pki;

class RevocationLists : public testing::Test {
 protected:
  std::string code_for(const pki::RevocationListSpec& spec) const {
    return code_of(RevocationList::from_der(pki::revocation_list(spec, ca)));
  }

  pki::Identity ca = pki::self_signed(pki::ca_spec("Revoking CA"));
  pki::RevocationListSpec spec;
};

// GS-CRYPTO-080: a list of OpenSSL is read and verified; entries say when and why.
TEST(RevocationListFile, OfOpenSsl) {
  const auto list = RevocationList::from_pem(x509_fixture("rsa-sha512.crl"));
  ASSERT_TRUE(list) << list.error().describe();
  const auto good = list->check_signed_by(certificate("rsa-sha512.pem"));
  EXPECT_TRUE(good) << good.error().describe();
  EXPECT_EQ(list->size(), 2U);
  EXPECT_EQ(list->number(), std::string("\x01\x00", 2));
  const auto entry = list->find("\x12\x34\xAB\xCD");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->reason, RevocationReason::key_compromise);
  EXPECT_EQ(to_string(entry->reason), "keyCompromise");
  EXPECT_EQ(base::format_rfc3339(entry->revoked_at), "2026-03-01T12:00:00Z");
  EXPECT_EQ(base::format_rfc3339(entry->effective()), "2026-02-28T00:00:00Z");
  EXPECT_EQ(list->find("\x02")->effective(), pki::at("2026-03-02T12:00:00Z"));
  EXPECT_FALSE(list->find("\x03"));
  EXPECT_EQ(code_of(list->check_signed_by(certificate("ed25519.pem"))), "crl.issuer");
}

// GS-CRYPTO-081: a certificate is found by its serial number as it stands, also one with a leading zero byte.
TEST_F(RevocationLists, FindsSerials) {
  spec.revoked = {{"\xFF\x01", pki::at("2026-03-01T00:00:00Z"), {}, {}, {}}};
  pki::CertificateSpec leaf;
  leaf.serial = "\xFF\x01";
  const auto list = RevocationList::from_der(pki::revocation_list(spec, ca));
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->check_signed_by(ca.certificate));
  EXPECT_TRUE(list->find(pki::issue(leaf, ca).certificate.serial()));
  leaf.serial = "\x01";
  EXPECT_FALSE(list->find(pki::issue(leaf, ca).certificate.serial()));
}

// GS-CRYPTO-082: a list counts from thisUpdate to nextUpdate, both included; without an end it is refused.
TEST_F(RevocationLists, TimeSpan) {
  const auto list = RevocationList::from_der(pki::revocation_list(spec, ca));
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->check_current(spec.this_update));
  EXPECT_TRUE(list->check_current(*spec.next_update));
  EXPECT_EQ(code_of(list->check_current(spec.this_update - base::milliseconds(1))), "crl.not_yet_valid");
  EXPECT_EQ(code_of(list->check_current(*spec.next_update + base::milliseconds(1))), "crl.expired");
  spec.next_update.reset();
  EXPECT_EQ(code_for(spec), "crl.unsupported");
}

// GS-CRYPTO-083: delta, indirect and partial lists and unknown critical extensions are refused.
TEST_F(RevocationLists, OtherKinds) {
  const auto with = [&](const pki::ExtensionSpec& extension) {
    pki::RevocationListSpec changed = spec;
    changed.extensions = {extension};
    return code_for(changed);
  };
  EXPECT_EQ(with(pki::raw_extension("2.5.29.27", "\x02\x01\x01", true)), "crl.unsupported");
  EXPECT_EQ(with(pki::raw_extension("2.5.29.28", std::string("\x30\x00", 2), true)), "crl.unsupported");
  EXPECT_EQ(with(pki::raw_extension("1.2.3.4", "x", true)), "crl.critical_ext");
  EXPECT_EQ(with(pki::raw_extension("1.2.3.4", "x", false)), "");
  pki::RevokedSpec entry{"\x05", spec.this_update, {}, {}, {pki::raw_extension("2.5.29.29", "x", true)}};
  spec.revoked = {entry};
  EXPECT_EQ(code_for(spec), "crl.unsupported");
  entry.extensions = {pki::raw_extension("1.2.3.4", "x", true)};
  spec.revoked = {entry};
  EXPECT_EQ(code_for(spec), "crl.critical_ext");
  entry.extensions.clear();
  entry.reason = 8;
  spec.revoked = {entry};
  EXPECT_EQ(code_for(spec), "crl.parse");
  entry.reason = 1;
  spec.revoked = {entry, entry};
  EXPECT_EQ(code_for(spec), "crl.parse");
}

// GS-CRYPTO-084: only a certificate of the list's name with the right to sign lists vouches for it.
TEST_F(RevocationLists, Issuer) {
  const auto list = RevocationList::from_der(pki::revocation_list(spec, ca));
  ASSERT_TRUE(list);
  EXPECT_EQ(code_of(list->check_signed_by(pki::self_signed(pki::ca_spec("Other")).certificate)),
            "crl.issuer");
  EXPECT_EQ(code_of(list->check_signed_by(pki::self_signed(pki::ca_spec("Revoking CA")).certificate)),
            "sig.invalid");
  pki::CertificateSpec silent = pki::ca_spec("Silent");
  silent.extensions = {pki::basic_constraints(true), pki::key_usage({5})};
  const pki::Identity other = pki::self_signed(silent);
  const auto wrong = RevocationList::from_der(pki::revocation_list(spec, other));
  EXPECT_EQ(code_of(wrong->check_signed_by(other.certificate)), "crl.issuer");
}

// GS-CRYPTO-085: no single bit of a list can change unnoticed, and no beginning of one is a list.
TEST_F(RevocationLists, EveryBitAndEveryLength) {
  spec.revoked = {{"\x05", spec.this_update, pki::at("2026-02-01T00:00:00Z"), 1, {}}};
  spec.extensions = {pki::authority_key_identifier(ca.key.public_key()),
                     pki::raw_extension("2.5.29.20", "\x02\x01\x07")};
  const std::string good = pki::revocation_list(spec, ca);
  ASSERT_TRUE(RevocationList::from_der(good)->check_signed_by(ca.certificate));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    const auto parsed = RevocationList::from_der(bad);
    EXPECT_FALSE(parsed && parsed->check_signed_by(ca.certificate)) << "bit " << bit;
  }
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(RevocationList::from_der(std::string_view(good).substr(0, size))) << size;
}

}  // namespace
}  // namespace gridseal::crypto
