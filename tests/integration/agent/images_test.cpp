// Images before the switch, with a real registry.
#include <algorithm>
#include <filesystem>

#include "crypto/hash.hpp"
#include "integration/agent/images_fixture.hpp"
#include "oci/image.hpp"

namespace gridseal::test {
namespace {

// GS-IMAGE-010: An image that the registry holds whole lets the revision through, and the plan says which
// images were looked for and where; one that no registry claims is a warning in the plan.
TEST_F(ImagesTest, PresentImageIsNamedInThePlan) {
  const auto image = push_image("web");
  const auto index = push_index(image, oci::host_platform());
  const std::string two = promote_version("2.0.0", named(index.digest));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(two); })) << component().sentence;
  base::Json plan = plan_step();
  ASSERT_TRUE(plan.contains("images")) << plan.dump();
  EXPECT_EQ(plan["images"].at(0)["digest"], index.digest.to_string());
  EXPECT_EQ(plan["images"].at(0)["from"], "mirror");

  const std::string three = publish("3.0.0", application("3.0.0"));
  promote(three);
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(three); })) << component().sentence;
  plan = plan_step();
  EXPECT_FALSE(plan.contains("images"));
  EXPECT_NE(plan.dump().find("no registry serves registry.test"), std::string::npos) << plan.dump();
  EXPECT_TRUE(reasons_.tells("image.not_looked_for"));
}

// GS-IMAGE-011: An image that is not there blocks the revision while the old one runs on and nothing is
// written; when it comes, the revision follows by itself.
TEST_F(ImagesTest, MissingImageBlocks) {
  run_good_revision();
  const auto absent = crypto::sha256("nobody pushed this");
  const std::string two = promote_version("2.0.0", named(absent));
  expect_kept_out("blocked", "image.missing");
  const std::string sentence = component().sentence;
  for (const std::string& part :
       {named(absent), std::string("Deployment"), std::string("container web"), std::string("'mirror'")})
    EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
  EXPECT_EQ(deployments().size(), 1U) << "nothing was admitted";

  promote_version("2.1.0", named(push_image("late").digest));
  lose_layer("late");
  ASSERT_TRUE(run_until([&] { return state() == "healthy" || reason() == "image.missing"; }));
  EXPECT_EQ(reason(), "image.missing") << "a lost layer";
  const std::string three = promote_version("2.2.0", named(push_image("third").digest));
  expect_recovery(three, "2.2.0");
}

// GS-IMAGE-012: A registry that gives no answer about an image blocks too, and says so differently.
TEST_F(ImagesTest, UnreachableRegistryBlocks) {
  run_good_revision();
  const auto image = push_image("web");
  front_->set_forge([](const https_server::SeenRequest& request, https_server::Answer& answer) {
    if (request.target.find("/v2/web/") != std::string::npos) answer.status = 403;
  });
  const std::string two = promote_version("2.0.0", named(image.digest));
  expect_kept_out("blocked", "image.unreachable");
  front_->set_forge({});
  expect_recovery(two, "2.0.0");
}

// GS-IMAGE-013: An image for other machines only is refused.
TEST_F(ImagesTest, ImageOfAnotherPlatformIsRefused) {
  run_good_revision();
  const auto index = push_index(push_image("web"), {"linux", "mips64le", {}});
  promote_version("2.0.0", named(index.digest));
  expect_kept_out("refused", "image.platform");
}

// GS-IMAGE-014: With an image policy an unsigned image is pending, one signed by a stranger refused, and the
// right signature lets the revision through without anything else changing; the verdict is in the history.
TEST_F(ImagesTest, ImagePolicy) {
  run_good_revision();
  const auto maker = crypto::PrivateKey::generate().value();
  ASSERT_TRUE(base::write_file(base::system_files(), directory_ + "/trust/keys/maker.pub",
                               maker.public_key().to_pem(), 0644));
  settings_.trust.policies["makers"] = {"makers", {"maker.pub"}, {}};
  settings().image_policy = "makers";
  ASSERT_TRUE(engine_->reload(settings_));
  const auto image = push_image("web");
  const auto index = push_index(image, oci::host_platform());
  const std::string two = promote_version("2.0.0", named(index.digest));
  expect_kept_out("pending", "registry.no_signature");

  const auto stranger = crypto::PrivateKey::generate().value();
  sign_image(index.digest, stranger);
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << component().sentence;
  EXPECT_TRUE(runs(good_));
  sign_image(index.digest, maker);
  expect_recovery(two, "2.0.0");
  EXPECT_NE(plan_step().dump().find("maker.pub"), std::string::npos) << plan_step().dump();
  const auto verdicts = engine_->history().verifications(base::Digest::parse(two).value()).value();
  const auto verified = std::ranges::find_if(verdicts, [&](const auto& verdict) {
    return verdict.policy == "makers, image " + named(index.digest) &&
           verdict.outcome == history::VerificationOutcome::verified;
  });
  ASSERT_NE(verified, verdicts.end());
  EXPECT_NE(verified->evidence.dump().find("maker.pub"), std::string::npos);
}

// GS-IMAGE-015: A signature of the manifest for this platform counts where the index has none.
TEST_F(ImagesTest, SignatureOfThePlatformCounts) {
  settings().image_policy = "release";
  const auto image = push_image("web");
  const auto index = push_index(image, oci::host_platform());
  sign_image(image.digest, *key_);
  const std::string two = promote_version("2.0.0", named(index.digest));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(two); })) << component().sentence;
}

// GS-IMAGE-016: With an image policy, an image that no registry claims and one named by a tag are kept out.
TEST_F(ImagesTest, PolicyNeedsARegistryAndADigest) {
  run_good_revision();
  settings().image_policy = "release";
  settings().allow_image_tags = true;
  ASSERT_TRUE(engine_->reload(settings_));
  promote(publish("2.0.0", application("2.0.0")));
  expect_kept_out("blocked", "image.no_registry");
  promote_version("2.1.0", "images.test/web:v1");
  expect_kept_out("refused", "image.not_pinned");
}

// GS-IMAGE-017: The way back asks no registry: the last good revision is put back although its image is gone.
TEST_F(ImagesTest, WayBackAsksNobody) {
  const auto image = push_image("web");
  const std::string one = promote_version("1.0.0", named(image.digest));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(one); })) << component().sentence;
  const auto bad = push_image("bad");
  lose_layer("web");
  settings().check_images = false;
  ASSERT_TRUE(engine_->reload(settings_));
  promote_version("2.0.0", "images.test/nonesuch@" + bad.digest.to_string());
  settings().check_images = true;
  ASSERT_TRUE(run_until([&] { return engine_->activities().front().activity.doing != ""; }));
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 60'000)) << state() << component().sentence;
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(live_version(), "1.0.0");
}

// GS-IMAGE-018: A denied image is refused, signed or not.
TEST_F(ImagesTest, DeniedImage) {
  run_good_revision();
  const auto image = push_image("web");
  trust::DenialEntries entries;
  entries.digests.push_back({image.digest, "known hole"});
  ASSERT_TRUE(engine_->deny_trust(entries, "uid 0"));
  promote_version("2.0.0", named(image.digest));
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << component().sentence;
  EXPECT_EQ(reason(), "trust.denied_digest");
  EXPECT_TRUE(runs(good_));
}

// GS-IMAGE-019: What this host's store holds whole needs no registry.
TEST_F(ImagesTest, OwnStoreCounts) {
  run_good_revision();
  engine_.reset();
  const std::string config = "{}";
  const std::string layer = "a layer that came by hand";
  {
    auto store =
        oci::Store::open(base::system_files(), base::null_log(), {directory_ + "/state/store", 0}).value();
    const auto put = [&](std::string_view type, const std::string& bytes) {
      const oci::Descriptor blob{std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
      EXPECT_TRUE(store->put_blob(blob, bytes));
      return blob;
    };
    const oci::Manifest manifest{std::string(oci::kOciManifest),      {}, put(oci::kOciConfig, config),
                                 {put(oci::kOciLayerTarGzip, layer)}, {}, {}};
    const auto image = put(oci::kOciManifest, oci::serialize(manifest));
    promote_version("2.0.0", named(image.digest));
  }
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && live_version() == "2.0.0"; }))
      << component().sentence;
  EXPECT_EQ(plan_step()["images"].at(0)["from"], "store");
}

}  // namespace
}  // namespace gridseal::test
