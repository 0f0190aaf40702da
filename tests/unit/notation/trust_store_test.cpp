// Stores from bytes.
#include "notation/trust_store.hpp"

#include "crypto/pem.hpp"
#include "fixture.hpp"

namespace gridseal::notation {
namespace {

class TrustStoreTest : public testing::Test {
 protected:
  static std::string added(const StoreReference& reference, const std::string& bytes) {
    TrustStore store;
    const auto result = store.add_certificates(reference, bytes, "file");
    return result ? "" : result.error().code();
  }

  Authority authority_;
};

// GS-NOTATION-110: certificates are taken as DER or PEM, several in one file or in several.
TEST_F(TrustStoreTest, FromBytes) {
  TrustStore store;
  const StoreReference acme{StoreType::ca, "acme"};
  EXPECT_EQ(store.find(acme), nullptr);
  ASSERT_TRUE(store.add_certificates(acme, authority_.root.certificate.der(), "file"));
  ASSERT_TRUE(store.add_certificates(
      acme, authority_.root.certificate.to_pem() + authority_.intermediate.certificate.to_pem(), "file"));
  ASSERT_NE(store.find(acme), nullptr);
  EXPECT_EQ(store.find(acme)->size(), 3U);
  EXPECT_EQ(store.find({StoreType::ca, "other"}), nullptr);
  EXPECT_EQ(store.find({StoreType::tsa, "acme"}), nullptr);
}

// GS-NOTATION-111: what could not end a chain, and what is no certificate, is refused, and the store stays as
// it was.
TEST_F(TrustStoreTest, RefusesOtherCertificates) {
  const std::string leaf = authority_.signer().chain[0].der();
  const std::string self_signed = pki::self_signed(notary::leaf_spec()).certificate.der();
  const std::string intermediate = authority_.intermediate.certificate.der();
  EXPECT_EQ(added({StoreType::ca, "a"}, leaf), "notary.store");
  EXPECT_EQ(added({StoreType::signing_authority, "a"}, leaf), "notary.store");
  EXPECT_EQ(added({StoreType::ca, "a"}, self_signed), "");
  EXPECT_EQ(added({StoreType::ca, "a"}, intermediate), "");
  EXPECT_EQ(added({StoreType::tsa, "a"}, self_signed), "notary.store");
  EXPECT_EQ(added({StoreType::tsa, "a"}, intermediate), "notary.store");
  EXPECT_EQ(added({StoreType::tsa, "a"}, authority_.root.certificate.der()), "");
  EXPECT_EQ(added({StoreType::ca, "a"}, ""), "notary.store");
  EXPECT_EQ(added({StoreType::ca, "a"}, "text"), "notary.store");
  EXPECT_EQ(added({StoreType::ca, "a"}, crypto::encode_pem("PUBLIC KEY", "x")), "notary.store");
  EXPECT_EQ(added({StoreType::ca, "a"}, authority_.root.certificate.der() + "x"), "notary.store");
  TrustStore store;
  EXPECT_FALSE(store.add_certificates(
      {StoreType::ca, "a"}, authority_.root.certificate.to_pem() + crypto::encode_pem("CERTIFICATE", leaf),
      "file"));
  EXPECT_EQ(store.find({StoreType::ca, "a"}), nullptr);
}

// GS-NOTATION-112: revocation lists are taken as DER or PEM; anything else is refused.
TEST_F(TrustStoreTest, RevocationLists) {
  TrustStore store;
  const std::string list = pki::revocation_list({}, authority_.root);
  ASSERT_TRUE(store.add_revocation_lists(list, "file"));
  ASSERT_TRUE(store.add_revocation_lists(crypto::encode_pem("X509 CRL", list), "file"));
  EXPECT_EQ(store.revocation_lists().size(), 2U);
  EXPECT_EQ(store.add_revocation_lists(authority_.root.certificate.to_pem(), "file").error().code(),
            "notary.store");
  EXPECT_EQ(store.add_revocation_lists(list + "x", "file").error().code(), "notary.store");
}

// GS-NOTATION-113: a store that the policy names and is not there, or holds nothing, is refused by name.
TEST_F(TrustStoreTest, Incomplete) {
  const auto policy = notary::policy({{"trustStores", {"ca:acme", "tsa:time"}}});
  TrustStore store;
  EXPECT_EQ(check_stores(policy, store).error().code(), "notary.store");
  ASSERT_TRUE(store.add_certificates({StoreType::ca, "acme"}, authority_.root.certificate.der(), "file"));
  const auto missing = check_stores(policy, store);
  EXPECT_NE(missing.error().message().find("tsa:time"), std::string::npos);
  ASSERT_TRUE(store.add_certificates({StoreType::tsa, "time"}, authority_.root.certificate.der(), "file"));
  EXPECT_TRUE(check_stores(policy, store));
}

}  // namespace
}  // namespace gridseal::notation
