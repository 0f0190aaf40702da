#include "publish/sign.hpp"

#include "oci/artifact.hpp"
#include "trust/verify.hpp"
#include "unit/publish/folder.hpp"

namespace gridseal::publish {
namespace {

class SignTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    put("a.yaml", kConfigMap);
    auto built = build(files_, request());
    ASSERT_TRUE(built) << built.error().describe();
    write_layout(*built);
    digest_ = built->descriptor.digest;
  }

  base::Result<base::Digest> sign(const crypto::PrivateKey& key, Form form,
                                  std::map<std::string, std::string> annotations = {}) {
    const SignRequest how{form, std::move(annotations), "", *base::parse_rfc3339("2026-01-05T09:00:00Z")};
    return sign_layout(files_, layout(), *digest_, key, how);
  }

  size_t signatures() {
    auto opened = oci::Layout::open(files_, layout());
    auto artifact = oci::read_artifact(**opened, *digest_);
    size_t count = 0;
    // Two keys sign the same payload, so layers are counted, not blobs.
    for (const auto& manifest : artifact->signatures.manifests)
      count += oci::parse_manifest(*manifest.bytes.whole(SIZE_MAX))->layers.size();
    return count;
  }

  // What an agent that pins `key` finds.
  base::Result<trust::Verified> judge(const crypto::PrivateKey& key,
                                      std::map<std::string, std::string> annotations = {}) {
    auto opened = oci::Layout::open(files_, layout());
    if (!opened) return std::move(opened).error();
    auto artifact = oci::read_artifact(**opened, *digest_);
    if (!artifact) return std::move(artifact).error();
    trust::Evidence evidence(artifact->digest);
    evidence.manifest = artifact->manifest_bytes;
    for (const auto& one : artifact->signatures.manifests) {
      const auto place =
          one.place == oci::Place::legacy_tag ? trust::Place::legacy_tag : trust::Place::referrer;
      evidence.signatures.push_back({place, one.digest, one.bytes, one.blobs});
    }
    auto state = trust::TrustState::from_keys({{"ci.pub", key.public_key()}});
    auto policy = trust::make_policy(*state, {"p", {"ci.pub"}, std::move(annotations)});
    return trust::verify(*state, *policy, {"pump-control", {}, {}}, evidence);
  }

  crypto::PrivateKey key_ = std::move(*crypto::PrivateKey::generate());
  std::optional<base::Digest> digest_;
};

// GS-PUBLISH-012: What is signed as simple signing verifies, and says what was built.
TEST_F(SignTest, SimpleSigningVerifies) {
  ASSERT_TRUE(sign(key_, Form::simple_signing));
  auto verified = judge(key_);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->version(), "1.0.0");
  EXPECT_EQ(verified->component(), "pump-control");
  EXPECT_EQ(verified->signatures().front().scheme, "cosign-simplesigning");
}

// GS-PUBLISH-013: What is signed as a bundle verifies.
TEST_F(SignTest, BundleVerifies) {
  ASSERT_TRUE(sign(key_, Form::bundle));
  auto verified = judge(key_);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->signatures().front().scheme, "sigstore-bundle");
}

// GS-PUBLISH-014: Annotations given at signing are under the signature.
TEST_F(SignTest, AnnotationsAreSigned) {
  ASSERT_TRUE(sign(key_, Form::simple_signing, {{"stage", "production"}}));
  EXPECT_TRUE(judge(key_, {{"stage", "production"}}));
  EXPECT_FALSE(judge(key_, {{"stage", "staging"}}));
}

// GS-PUBLISH-015: A second signature stands beside the first; both keys verify, a third does not.
TEST_F(SignTest, SignaturesAddUp) {
  const auto other = std::move(*crypto::PrivateKey::generate());
  ASSERT_TRUE(sign(key_, Form::simple_signing));
  ASSERT_TRUE(sign(other, Form::simple_signing));
  ASSERT_TRUE(sign(other, Form::bundle));
  EXPECT_EQ(signatures(), 3);
  EXPECT_TRUE(judge(key_));
  EXPECT_TRUE(judge(other));
  auto stranger = judge(*crypto::PrivateKey::generate());
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().outcome(), base::Outcome::refused);
}

// GS-PUBLISH-016: Nothing is signed that is not there.
TEST_F(SignTest, UnknownDigest) {
  digest_ = *base::Digest::from_hex(std::string(64, '0'));
  auto refused = sign(key_, Form::simple_signing);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "store.not_found");
}

}  // namespace
}  // namespace gridseal::publish
