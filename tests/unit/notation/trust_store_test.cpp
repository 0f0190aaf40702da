// Stores from bytes and from a directory.
#include "notation/trust_store.hpp"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "crypto/pem.hpp"
#include "fixture.hpp"

namespace gridseal::notation {
namespace {

class TrustStoreTest : public testing::Test {
 protected:
  TrustStoreTest() {
    std::string pattern = testing::TempDir() + "gridseal-notation-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    ::umask(022);
  }
  ~TrustStoreTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(base::write_file(base::system_files(), root_ / name, text, 0644));
  }
  std::string code() const {
    const auto trust = load_trust(base::system_files(), root_);
    return trust ? "" : trust.error().code();
  }
  static std::string added(const StoreReference& reference, const std::string& bytes) {
    TrustStore store;
    const auto result = store.add_certificates(reference, bytes, "file");
    return result ? "" : result.error().code();
  }

  std::filesystem::path root_;
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

// GS-NOTATION-113: policy, the stores it names and pinned lists are read from notation's layout; other
// stores, other files and deeper directories are passed over.
TEST_F(TrustStoreTest, FromDirectory) {
  write("trustpolicy.json", notary::policy_text({{"trustStores", {"ca:acme", "tsa:time"}}}));
  write("truststore/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
  write("truststore/x509/ca/acme/intermediate.pem", authority_.intermediate.certificate.to_pem());
  write("truststore/x509/ca/acme/readme.txt", "no certificate");
  write("truststore/x509/ca/acme/old/broken.crt", "no certificate");
  write("truststore/x509/ca/unused/broken.crt", "no certificate");
  write("truststore/x509/tsa/time/root.cer", authority_.root.certificate.der());
  write("crl/root.crl", pki::revocation_list({}, authority_.root));
  const auto trust = load_trust(base::system_files(), root_);
  ASSERT_TRUE(trust) << trust.error().describe();
  EXPECT_EQ(trust->policy.policies().size(), 1U);
  EXPECT_EQ(trust->store.find({StoreType::ca, "acme"})->size(), 2U);
  EXPECT_EQ(trust->store.find({StoreType::tsa, "time"})->size(), 1U);
  EXPECT_EQ(trust->store.find({StoreType::ca, "unused"}), nullptr);
  EXPECT_EQ(trust->store.revocation_lists().size(), 1U);
}

// GS-NOTATION-114: a missing policy, a store that the policy names but is missing or empty, and broken files
// are refused.
TEST_F(TrustStoreTest, Incomplete) {
  EXPECT_EQ(code(), "files.not_found");
  write("trustpolicy.json", notary::policy_text());
  EXPECT_EQ(code(), "notary.store");
  std::filesystem::create_directories(root_ / "truststore/x509/ca/acme");
  EXPECT_EQ(code(), "notary.store");
  write("truststore/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
  EXPECT_EQ(code(), "");
  write("crl/root.crl", "no list");
  EXPECT_EQ(code(), "notary.store");
  std::filesystem::remove_all(root_ / "crl");
  write("truststore/x509/ca/acme/broken.crt", "no certificate");
  EXPECT_EQ(code(), "notary.store");
  write("trustpolicy.json", "{}");
  EXPECT_EQ(code(), "notary.policy");
}

// GS-NOTATION-115: what others could change, and what is reached through a link, is refused.
TEST_F(TrustStoreTest, Permissions) {
  write("trustpolicy.json", notary::policy_text());
  write("truststore/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
  write("crl/root.crl", pki::revocation_list({}, authority_.root));
  ASSERT_EQ(code(), "");
  for (const char* name :
       {"", "trustpolicy.json", "truststore", "truststore/x509", "truststore/x509/ca",
        "truststore/x509/ca/acme", "truststore/x509/ca/acme/root.crt", "crl", "crl/root.crl"}) {
    const auto path = root_ / name;
    const auto before = std::filesystem::status(path).permissions();
    std::filesystem::permissions(path, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    EXPECT_EQ(code(), "trust.permissions") << name;
    std::filesystem::permissions(path, before);
  }
  std::filesystem::rename(root_ / "truststore/x509/ca/acme/root.crt", root_ / "root.crt");
  std::filesystem::create_symlink(root_ / "root.crt", root_ / "truststore/x509/ca/acme/root.crt");
  EXPECT_EQ(code(), "trust.permissions");
}

}  // namespace
}  // namespace gridseal::notation
