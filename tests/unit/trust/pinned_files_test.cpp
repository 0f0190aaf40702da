// What is pinned on disk beside keys: notation's layout, revocation lists, trusted roots, policies.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/notary/notary.hpp"
#include "trust/policy.hpp"

namespace gridseal::trust {
namespace {

namespace notary = test::notary;
namespace pki = test::pki;

class PinnedFiles : public testing::Test {
 protected:
  PinnedFiles() {
    std::string pattern = testing::TempDir() + "gridseal-pinned-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    ::umask(022);
  }
  ~PinnedFiles() override { std::filesystem::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(base::write_file(base::system_files(), root_ / name, text, 0644));
  }
  std::string code() {
    const auto state = load_trust(base::system_files(), root_);
    said_ = state ? "" : state.error().describe();
    return state ? "" : state.error().code();
  }
  void write_complete() const {
    write("notation/trustpolicy.json", notary::policy_text());
    write("notation/truststore/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
    write("notation/crl/root.crl", pki::revocation_list({}, authority_.root));
    write("policies/release.toml", "keys = [\"ci.pub\"]\n");
  }

  std::filesystem::path root_;
  notary::Authority authority_;
  std::string said_;
};

// GS-TRUST-090: policy, stores and revocation lists are read from notation's layout; other files and deeper
// directories are passed over.
TEST_F(PinnedFiles, Notation) {
  write("notation/trustpolicy.json", notary::policy_text({{"trustStores", {"ca:acme", "tsa:time"}}}));
  write("notation/truststore/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
  write("notation/truststore/x509/ca/acme/intermediate.pem", authority_.intermediate.certificate.to_pem());
  write("notation/truststore/x509/ca/acme/readme.txt", "no certificate");
  write("notation/truststore/x509/ca/acme/old/broken.crt", "no certificate");
  write("notation/truststore/x509/tsa/time/root.cer", authority_.root.certificate.der());
  write("notation/crl/root.crl", pki::revocation_list({}, authority_.root));
  const auto state = load_trust(base::system_files(), root_);
  ASSERT_TRUE(state) << state.error().describe();
  const notation::Trust& trust = state->notation();
  EXPECT_EQ(trust.policy.policies().size(), 1U);
  EXPECT_EQ(trust.store.find({notation::StoreType::ca, "acme"})->size(), 2U);
  EXPECT_EQ(trust.store.find({notation::StoreType::tsa, "time"})->size(), 1U);
  EXPECT_EQ(trust.store.revocation_lists().size(), 1U);
}

// GS-TRUST-091: a store that the policy names but is missing or empty, and broken files, are refused and
// named.
TEST_F(PinnedFiles, Incomplete) {
  EXPECT_EQ(code(), "");
  write("notation/trustpolicy.json", notary::policy_text());
  EXPECT_EQ(code(), "notary.store");
  std::filesystem::create_directories(root_ / "notation/truststore/x509/ca/acme");
  EXPECT_EQ(code(), "notary.store");
  write("notation/truststore/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
  EXPECT_EQ(code(), "");
  write("notation/crl/root.crl", "no list");
  EXPECT_EQ(code(), "notary.store");
  EXPECT_NE(said_.find("root.crl"), std::string::npos) << said_;
  std::filesystem::remove_all(root_ / "notation/crl");
  write("notation/truststore/x509/ca/acme/broken.crt", "no certificate");
  EXPECT_EQ(code(), "notary.store");
  EXPECT_NE(said_.find("ca/acme/broken.crt"), std::string::npos) << said_;
  std::filesystem::remove(root_ / "notation/truststore/x509/ca/acme/broken.crt");
  write("notation/truststore/x509/ca/a b/root.crt", authority_.root.certificate.to_pem());
  EXPECT_EQ(code(), "notary.store");
  std::filesystem::remove_all(root_ / "notation/truststore/x509/ca/a b");
  write("notation/trustpolicy.json", "{}");
  EXPECT_EQ(code(), "notary.policy");
  write("notation/trustpolicy.json", notary::policy_text());
  write("sigstore/public.json", "{}");
  EXPECT_EQ(code(), "trust.root_file");
  EXPECT_NE(said_.find("public"), std::string::npos) << said_;
}

// GS-TRUST-092: what others could change, and what is reached through a link, is refused, wherever it lies.
TEST_F(PinnedFiles, Permissions) {
  write_complete();
  ASSERT_EQ(code(), "") << said_;
  for (const char* name : {"", "notation", "notation/trustpolicy.json", "notation/truststore",
                           "notation/truststore/x509", "notation/truststore/x509/ca",
                           "notation/truststore/x509/ca/acme", "notation/truststore/x509/ca/acme/root.crt",
                           "notation/crl", "notation/crl/root.crl", "policies", "policies/release.toml"}) {
    const auto path = root_ / name;
    const auto before = std::filesystem::status(path).permissions();
    for (const auto who : {std::filesystem::perms::others_write, std::filesystem::perms::group_write}) {
      std::filesystem::permissions(path, who, std::filesystem::perm_options::add);
      EXPECT_EQ(code(), "trust.permissions") << name;
      std::filesystem::permissions(path, before);
    }
  }
  const auto certificate = root_ / "notation/truststore/x509/ca/acme/root.crt";
  std::filesystem::rename(certificate, root_ / "root.crt");
  std::filesystem::create_symlink(root_ / "root.crt", certificate);
  EXPECT_EQ(code(), "trust.permissions");
}

}  // namespace
}  // namespace gridseal::trust
