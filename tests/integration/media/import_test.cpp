// What comes on a medium is followed like what a registry names.
#include <filesystem>

#include "integration/media/media_fixture.hpp"
#include "media/tar_index.hpp"
#include "publish/sign.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

// GS-MEDIA-001: A release on a medium becomes healthy on a host without a registry, and the history says
// which medium brought it.
TEST_F(MediaTest, BecomesHealthyWithoutARegistry) {
  const base::Digest release = add_release("1.0.0");
  ASSERT_TRUE(host_.start());
  const auto report = import();
  ASSERT_TRUE(report) << report.error().describe();
  ASSERT_EQ(report->releases.size(), 1U) << to_json(*report).dump(2);
  EXPECT_EQ(report->releases[0].revision, "stable@" + release.to_string());
  EXPECT_TRUE(report->refused.empty());
  EXPECT_TRUE(becomes(release)) << host_.component().sentence;
  ASSERT_EQ(host_.deployments().size(), 1U);
  EXPECT_EQ(host_.deployments()[0].actor, "from medium stick 7");
  EXPECT_EQ(host_.get("/api/v1/namespaces/shop/configmaps/web")["data"]["version"], "1.0.0");
}

// GS-MEDIA-002: What came before is known at the second import, and nothing is copied again.
TEST_F(MediaTest, IsKnownTheSecondTime) {
  (void)add_release("1.0.0");
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(import());
  const auto again = import();
  ASSERT_TRUE(again) << again.error().describe();
  ASSERT_EQ(again->releases.size(), 1U);
  EXPECT_TRUE(again->releases[0].known);
  EXPECT_EQ(again->copied, 0U);
}

// GS-MEDIA-003: Of registry and medium the newest verified release is followed, whichever has it, and so it
// stays when the other one is polled again.
TEST_F(MediaTest, TheNewestOfBothIsFollowed) {
  host_.settings().sources = {};
  const std::string first = host_.release("1.0.0", plain_shop("1.0.0"));
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(host_.run_until([&] { return host_.state() == "healthy" && host_.runs(first); }));
  const base::Digest carried = add_release("1.1.0");
  ASSERT_TRUE(import());
  ASSERT_TRUE(becomes(carried)) << host_.component().sentence;
  for (int i = 0; i < 5; ++i) host_.run_once();
  EXPECT_TRUE(host_.runs(carried.to_string()));
  EXPECT_EQ(host_.state(), "healthy");
  const std::string last = host_.release("1.2.0", plain_shop("1.2.0"));
  EXPECT_TRUE(host_.run_until([&] { return host_.state() == "healthy" && host_.runs(last); }))
      << host_.component().sentence;
  // An older stick that comes late changes nothing.
  const auto late = import();
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->releases.empty());
  ASSERT_EQ(late->left.size(), 1U);
  EXPECT_TRUE(host_.runs(last));
}

// GS-MEDIA-004: A registry that names something unsigned does not keep a verified release of a medium out.
TEST_F(MediaTest, JunkInTheRegistryDoesNotHideTheMedium) {
  host_.settings().sources = {};
  host_.settings().tag = "nowhere";
  const base::Digest carried = add_release("1.0.0", {"nowhere", "shop", &host_.key(), {}});
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(import());
  EXPECT_TRUE(becomes(carried)) << host_.component().sentence;
}

// GS-MEDIA-005: A release below the floor is left, and a permit lets it in.
TEST_F(MediaTest, APermitLetsAnOlderOneIn) {
  const base::Digest newer = add_release("2.0.0");
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(import());
  ASSERT_TRUE(becomes(newer));
  fs::remove_all(medium_);
  (void)add_release("1.0.0");
  auto report = import();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->releases.empty());
  ASSERT_EQ(report->left.size(), 1U);
  EXPECT_NE(report->left[0].second.find("2.0.0"), std::string::npos);
  history::Permit permit;
  permit.component = "shop";
  permit.version = "1.0.0";
  permit.who = "tester";
  permit.why = "test";
  ASSERT_TRUE(host_.history().add_permit(permit));
  report = import();
  ASSERT_TRUE(report);
  ASSERT_EQ(report->releases.size(), 1U);
}

// GS-MEDIA-012: What is refused stays in quarantine until it is taken after all.
TEST_F(MediaTest, QuarantineUntilItIsTaken) {
  ASSERT_TRUE(host_.start());
  const base::Digest digest = add_release("1.0.0", {"stable", "shop", nullptr, {}});
  const auto refused = import();
  ASSERT_TRUE(refused) << refused.error().describe();
  const auto kept = host_.engine().quarantine().all();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].digest, digest);
  EXPECT_EQ(kept[0].outcome, "pending");
  ASSERT_TRUE(publish::sign_layout(base::system_files(), medium_, digest, host_.key(), {}));
  const auto taken = import();
  ASSERT_TRUE(taken) << taken.error().describe();
  ASSERT_EQ(taken->releases.size(), 1U) << to_json(*taken).dump(2);
  EXPECT_TRUE(host_.engine().quarantine().all().empty());
}

// GS-MEDIA-006: What came while nothing may change survives a restart and a clean-up of the store, and is
// deployed when it may.
TEST_F(MediaTest, AnOfferSurvivesRestartAndCleanUp) {
  const base::Digest first = add_release("1.0.0");
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(import());
  ASSERT_TRUE(becomes(first));
  ASSERT_TRUE(host_.engine().suspend("shop", {"tester", "test", {}, std::nullopt}));
  fs::remove_all(medium_);
  const base::Digest next = add_release("1.1.0");
  ASSERT_TRUE(import());
  fs::remove_all(medium_);
  host_.stop();
  ASSERT_TRUE(host_.start());
  host_.run_once();
  ASSERT_TRUE(host_.engine().resume("shop", "tester", "test"));
  EXPECT_TRUE(becomes(next)) << host_.component().sentence;
}

// GS-MEDIA-007: A component that follows a version range takes the highest of it on the medium.
TEST_F(MediaTest, TheHighestOfARange) {
  host_.settings().tag.clear();
  host_.settings().semver = ">=1.0.0 <2.0.0";
  for (const char* version : {"1.0.0", "1.4.0", "1.2.0", "2.0.0"})
    (void)add_release(version, {std::string("team/shop:") + version, "shop", &host_.key(), {}});
  ASSERT_TRUE(host_.start());
  const auto report = import();
  ASSERT_TRUE(report);
  ASSERT_EQ(report->releases.size(), 1U);
  EXPECT_EQ(report->releases[0].version, "1.4.0");
}

// GS-MEDIA-008: A tar file is read where it lies, with what others put into it left alone.
TEST_F(MediaTest, ATarFileIsALayout) {
  const base::Digest release = add_release("1.0.0");
  const std::string tar = host_.directory() + "/stick/site.tar";
  fs::create_directories(host_.directory() + "/stick");
  write(medium_ + "/readme.txt", "hello");
  ASSERT_EQ(std::system(("tar -C " + medium_ + " -cf " + tar + " .").c_str()), 0);
  ASSERT_TRUE(host_.start());
  const auto report = import(host_.directory() + "/stick", base::system_files());
  ASSERT_TRUE(report) << report.error().describe();
  ASSERT_EQ(report->releases.size(), 1U) << to_json(*report).dump(2);
  EXPECT_EQ(report->foreign.names, std::vector<std::string>{"readme.txt"});
  EXPECT_TRUE(becomes(release));
}

// GS-MEDIA-009: A blob in pieces is joined while it is hashed; without one of them it is not there.
TEST_F(MediaTest, PiecesAreJoined) {
  const base::Digest release = add_release("1.0.0");
  const auto manifest = oci::parse_manifest(read(blob(release))).value();
  const std::string layer = read(blob(manifest.layers[0].digest));
  const std::string path = blob(manifest.layers[0].digest);
  write(path, layer.substr(0, 10));
  write(path + ".001", layer.substr(10, 20));
  write(path + ".002", layer.substr(30));
  ASSERT_TRUE(host_.start());
  fs::rename(path + ".001", path + ".aside");
  const auto cut = import();
  ASSERT_TRUE(cut);
  EXPECT_EQ(codes(*cut), std::vector<std::string>{"media.missing"});
  fs::rename(path + ".aside", path + ".001");
  ASSERT_TRUE(import());
  EXPECT_TRUE(becomes(release)) << host_.component().sentence;
}

}  // namespace
}  // namespace gridseal::test
