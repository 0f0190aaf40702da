#include "publish/trust_bundle.hpp"

#include "crypto/hash.hpp"
#include "unit/publish/folder.hpp"

namespace gridseal::publish {
namespace {

const base::Time kNow = *base::parse_rfc3339("2026-03-01T10:00:00.250Z");

template <class T>
std::string code(const base::Result<T>& verdict) {
  return verdict ? "" : verdict.error().code();
}

class TrustBundleFileTest : public FolderTest {
 protected:
  TrustBundleFile first(size_t threshold = 2) {
    auto made = TrustBundleFile::first({{"a", a_.public_key()}, {"b", b_.public_key()}}, threshold, 1, kNow);
    return std::move(made).value();
  }
  static trust::TrustBundle parsed(const TrustBundleFile& file) {
    auto bundle = trust::parse_trust_bundle(file.envelope());
    return std::move(bundle).value();
  }

  crypto::PrivateKey a_ = *crypto::PrivateKey::generate();
  crypto::PrivateKey b_ = *crypto::PrivateKey::generate();
  crypto::PrivateKey c_ = *crypto::PrivateKey::generate();
};

// GS-PUBLISH-040: a first bundle is drafted, signed by one after the other through its file, and then counts.
TEST_F(TrustBundleFileTest, SignedOneAfterTheOther) {
  const std::string path = root_ + "/trust.json";
  TrustBundleFile draft = first();
  EXPECT_TRUE(draft.is_draft());
  EXPECT_FALSE(trust::parse_trust_bundle(draft.envelope()));
  ASSERT_TRUE(draft.write(files_, path));
  for (const auto* key : {&a_, &b_}) {
    auto file = TrustBundleFile::read(files_, path);
    ASSERT_TRUE(file) << file.error().describe();
    EXPECT_EQ(code(trust::check_first(file->is_draft() ? parsed([&] {
                auto copy = *file;
                EXPECT_TRUE(copy.sign(c_));
                return copy;
              }())
                                                       : parsed(*file))),
              "trust.bundle_threshold");
    EXPECT_EQ(*file->sign(*key), key == &a_ ? "a" : "b");
    ASSERT_TRUE(file->write(files_, path));
  }
  auto file = TrustBundleFile::read(files_, path);
  EXPECT_EQ(code(trust::check_first(parsed(*file))), "");
  EXPECT_EQ(file->content().created, *base::parse_rfc3339("2026-03-01T10:00:00Z"));
}

// GS-PUBLISH-041: a change to a signed bundle begins the next version and drops the signatures; a change to a
// draft does not; time never goes back.
TEST_F(TrustBundleFileTest, NextVersion) {
  TrustBundleFile file = first();
  file.begin_change(kNow);
  EXPECT_EQ(file.content().version, 1);
  ASSERT_TRUE(file.sign(a_));
  ASSERT_TRUE(file.sign(b_));
  const trust::TrustBundle current = parsed(file);
  file.begin_change(kNow - std::chrono::hours(1));
  EXPECT_EQ(file.content().version, 2);
  EXPECT_TRUE(file.is_draft());
  file.add({.digests = {{crypto::sha256("bad"), "leaks"}}});
  ASSERT_TRUE(file.sign(a_));
  ASSERT_TRUE(file.sign(b_));
  EXPECT_EQ(code(trust::check_succession(current, parsed(file))), "");
}

// GS-PUBLISH-042: keys are added with roles and removed from all of them; a root that left still signs the
// version that lets it go.
TEST_F(TrustBundleFileTest, Roles) {
  TrustBundleFile file = first();
  ASSERT_TRUE(file.add_key("c", c_.public_key(), {"deny", "endorse", "artifact"}));
  EXPECT_EQ(file.content().deny->keys, std::vector<std::string>{"c"});
  EXPECT_EQ(file.content().artifact_keys, std::vector<std::string>{"c"});
  EXPECT_EQ(code(file.add_key("c", a_.public_key(), {})), "bundle.name");
  EXPECT_EQ(code(file.add_key("d", a_.public_key(), {})), "bundle.name");
  EXPECT_EQ(code(file.add_key("c", c_.public_key(), {"pope"})), "bundle.role");
  ASSERT_TRUE(file.sign(a_));
  ASSERT_TRUE(file.sign(b_));
  const trust::TrustBundle current = parsed(file);
  file.begin_change(kNow);
  ASSERT_TRUE(file.remove_key("c"));
  EXPECT_FALSE(file.content().deny);
  ASSERT_TRUE(file.add_key("c2", c_.public_key(), {"root"}));
  ASSERT_TRUE(file.remove_key("a"));
  EXPECT_EQ(code(file.remove_key("a")), "bundle.name");
  EXPECT_EQ(*file.sign(a_), "");
  EXPECT_EQ(*file.sign(b_), "b");
  EXPECT_EQ(code(trust::check_succession(current, parsed(file))), "trust.bundle_threshold");
  EXPECT_EQ(*file.sign(c_), "c2");
  EXPECT_EQ(code(trust::check_succession(current, parsed(file))), "");
}

// GS-PUBLISH-043: what no host would read is not written and not signed.
TEST_F(TrustBundleFileTest, NothingUnreadable) {
  EXPECT_EQ(code(TrustBundleFile::first({{"a", a_.public_key()}}, 2, 1, kNow)), "trust.bundle_field");
  EXPECT_EQ(code(TrustBundleFile::first({{"a/b", a_.public_key()}}, 1, 1, kNow)), "trust.bundle_field");
  TrustBundleFile file = first();
  file.add({.keys = {{a_.public_key().fingerprint()}}});
  EXPECT_EQ(code(file.write(files_, root_ + "/trust.json")), "trust.bundle_field");
  EXPECT_EQ(code(file.sign(b_)), "trust.bundle_field");
  EXPECT_FALSE(files_.stat(root_ + "/trust.json"));
}

// GS-PUBLISH-044: keys are named as the bundle names them or by their id.
TEST_F(TrustBundleFileTest, KeyNames) {
  const TrustBundleFile file = first();
  EXPECT_EQ(*file.key_id("a"), a_.public_key().fingerprint());
  EXPECT_EQ(*file.key_id(c_.public_key().key_id()), c_.public_key().fingerprint());
  EXPECT_EQ(code(file.key_id("c")), "bundle.name");
}

// GS-PUBLISH-045: a trusted root and certificates are kept in their canonical form and replaced by name.
TEST_F(TrustBundleFileTest, Documents) {
  TrustBundleFile file = first(1);
  ASSERT_TRUE(file.add_sigstore_root("public", "{ \"b\": 1,\n \"a\": [] }"));
  ASSERT_TRUE(file.add_sigstore_root("public", R"({"a":2})"));
  EXPECT_EQ(code(file.add_sigstore_root("other", "[]")), "bundle.value");
  const std::string pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  ASSERT_TRUE(file.add_notation_store("ca:acme", pem + "\n" + pem));
  ASSERT_TRUE(file.sign(a_));
  const trust::TrustBundle bundle = parsed(file);
  ASSERT_EQ(bundle.content().sigstore_roots.size(), 1U);
  EXPECT_EQ(bundle.content().sigstore_roots[0].text, R"({"a":2})");
  EXPECT_EQ(bundle.content().notation_stores.at(0).text, pem + pem);
}

}  // namespace
}  // namespace gridseal::publish
