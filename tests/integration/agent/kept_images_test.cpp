// Images that stay on this host: brought before a switch, listed for gridseal-images, collected by the list.
#include <fstream>

#include "images/image_list.hpp"
#include "integration/agent/images_fixture.hpp"
#include "oci/image.hpp"

namespace gridseal::test {
namespace {

class KeptImagesTest : public ImagesTest {
 protected:
  void SetUp() override {
    ImagesTest::SetUp();
    settings_.images.mode = "registry";
    settings_.images.listen = "127.0.0.1:5050";
    settings_.images.keep_unused = base::milliseconds(0);
    settings_.storage.keep_revisions = 1;
  }
  images::ImageList list() {
    auto list = images::read_list(base::system_files(), directory_ + "/state");
    EXPECT_TRUE(list) << list.error().describe();
    return list ? *list : images::ImageList();
  }
  bool is_stored(const base::Digest& digest) const {
    return std::filesystem::exists(directory_ + "/state/store/blobs/sha256/" + digest.hex());
  }
  bool has_layer(const std::string& name) const { return is_stored(crypto::sha256("layer of " + name)); }
  std::string deploy(const std::string& version, const oci::Descriptor& image) {
    const std::string digest = promote_version(version, named(image.digest));
    EXPECT_TRUE(run_until([&] { return state() == "healthy" && runs(digest); }))
        << state() << ": " << component().sentence;
    return digest;
  }
};

// GS-IMAGE-030: Before a revision runs its images are in the store under their name, whole for this host's
// platform, and on the list; a repeated look writes nothing.
TEST_F(KeptImagesTest, AreBroughtAndListed) {
  const auto image = push_image("web");
  const auto index = push_index(image, oci::host_platform());
  ASSERT_TRUE(start());
  const std::string one = deploy("1.0.0", index);
  EXPECT_TRUE(is_stored(index.digest) && is_stored(image.digest) && has_layer("web"));
  const auto listed = list();
  ASSERT_EQ(listed.revisions.size(), 1U);
  EXPECT_EQ(listed.revisions[0].component, "shop");
  EXPECT_EQ(listed.revisions[0].artifact.to_string(), one);
  EXPECT_EQ(
      listed.revisions[0].images,
      std::vector<images::ListedImage>(1, images::ListedImage{{"images.test", "web"}, {}, index.digest}));
  const auto text = base::read_file(base::system_files(), directory_ + "/state/store/index.json").value();
  EXPECT_NE(text.find("image/images.test/web@" + index.digest.to_string()), std::string::npos);
  const auto written = base::system_files().stat(images::list_path(directory_ + "/state"))->modified;
  ASSERT_TRUE(engine_->request("shop"));
  for (int i = 0; i < 20; ++i) run_once();
  EXPECT_EQ(base::system_files().stat(images::list_path(directory_ + "/state"))->modified, written);
}

// GS-IMAGE-031: An image goes with the last revision that names it, never one that the last good revision
// names; one that was imported and that nobody names goes when it has been here for images.keep_unused.
TEST_F(KeptImagesTest, AreCollectedByTheList) {
  const auto first = push_image("first");
  const auto second = push_image("second");
  const auto third = push_image("third");
  ASSERT_TRUE(start());
  deploy("1.0.0", first);
  deploy("1.1.0", second);
  EXPECT_TRUE(has_layer("second"));
  deploy("1.2.0", third);
  EXPECT_FALSE(has_layer("first"));
  EXPECT_TRUE(has_layer("third"));
  for (const auto& revision : list().revisions) EXPECT_NE(revision.images.front().digest, first.digest);
  stop();
  {
    auto store =
        oci::Store::open(base::system_files(), base::null_log(), {directory_ + "/state/store", 0}).value();
    const std::string bytes = R"({"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:)" +
                              std::string(64, 'a') + R"(","size":1},"layers":[]})";
    const oci::Descriptor imported{
        std::string(oci::kOciManifest), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
    ASSERT_TRUE(store->put_blob(imported, bytes));
    ASSERT_TRUE(store->set_root(images::root_name({"images.test", "new"}, imported.digest), imported));
    settings_.images.keep_unused = base::milliseconds(3'600'000);
    ASSERT_TRUE(start());
    deploy("1.3.0", push_image("fourth"));
    EXPECT_TRUE(is_stored(imported.digest));
    settings_.images.keep_unused = base::milliseconds(0);
    ASSERT_TRUE(engine_->reload(settings_));
    deploy("1.4.0", push_image("fifth"));
    EXPECT_FALSE(is_stored(imported.digest));
  }
}

// GS-IMAGE-032: What ran before images were kept is listed and brought at the next look, and again when the
// list was lost.
TEST_F(KeptImagesTest, OfWhatRunsAlready) {
  settings_.images.mode = "off";
  const auto image = push_image("web");
  ASSERT_TRUE(start());
  deploy("1.0.0", image);
  EXPECT_FALSE(has_layer("web"));
  EXPECT_TRUE(list().revisions.empty());
  settings_.images.mode = "registry";
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return has_layer("web") && !list().revisions.empty(); }));
  std::ofstream(images::list_path(directory_ + "/state")) << "{";
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] {
    auto read = images::read_list(base::system_files(), directory_ + "/state");
    return read && read->revisions.size() == 1;
  }));
}

// GS-IMAGE-033: When a release is gone back from, the images of the last good one are the latest on the list
// again: its tags mean what they meant.
TEST_F(KeptImagesTest, RollbackMakesTheLastGoodTheLatest) {
  const auto good = push_image("good");
  ASSERT_TRUE(start());
  const std::string one = deploy("1.0.0", good);
  const auto bad = push_image("bad");
  // The Deployment is changed into one that never becomes ready.
  Manifests manifests = with_image("2.0.0", named(bad.digest));
  std::string& text = manifests["web.yaml"];
  settings().timeout = base::milliseconds(1'000);
  ASSERT_TRUE(engine_->reload(settings_));
  const size_t at = text.find("containers:");
  ASSERT_NE(at, std::string::npos) << text;
  text.insert(at, "nodeSelector: {nowhere: 'true'}\n      ");
  promote(publish("2.0.0", manifests));
  ASSERT_TRUE(run_until([&] { return list().revisions.back().images.front().digest == bad.digest; }))
      << component().sentence;
  ASSERT_TRUE(run_until([&] { return state() == "failed" || state() == "blocked"; }, 60'000)) << state();
  ASSERT_TRUE(runs(one));
  EXPECT_EQ(list().revisions.back().images.front().digest, good.digest);
}

// GS-IMAGE-034: What is denied here is on the list at once.
TEST_F(KeptImagesTest, DenialsAreListed) {
  ASSERT_TRUE(start());
  deploy("1.0.0", push_image("web"));
  const base::Digest denied = crypto::sha256("some image");
  trust::DenialEntries entries;
  entries.digests.push_back({denied, "known hole"});
  ASSERT_TRUE(engine_->deny_trust(entries, "uid 0"));
  run_once();
  EXPECT_EQ(list().denied, std::vector<base::Digest>{denied});
}

// GS-IMAGE-035: An image that is in the cache of gridseal-images is here, and is not brought again.
TEST_F(KeptImagesTest, CacheCounts) {
  const auto image = push_image("web");
  {
    auto cache = oci::Store::open(base::system_files(), base::null_log(),
                                  {images::cache_directory(directory_ + "/state"), 0})
                     .value();
    for (const std::string& bytes : {std::string("{\"name\":\"web\"}"), std::string("layer of web")}) {
      const oci::Descriptor blob{{}, crypto::sha256(bytes), bytes.size(), {}, {}, {}};
      ASSERT_TRUE(cache->put_blob(blob, bytes));
    }
  }
  ASSERT_TRUE(start());
  deploy("1.0.0", image);
  EXPECT_TRUE(is_stored(image.digest)) << "the manifest came from the registry";
  EXPECT_FALSE(has_layer("web"));
}

// GS-IMAGE-036: With k3s-import the images of a revision are files in k3s' folder before the switch, and go
// with the list; files of others stay.
TEST_F(KeptImagesTest, AreHandedToK3s) {
  settings_.images.mode = "k3s-import";
  settings_.images.import_directory = directory_ + "/k3s";
  std::filesystem::create_directories(directory_ + "/k3s");
  std::ofstream(directory_ + "/k3s/airgap.tar") << "of somebody else";
  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/k3s"))
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  };
  ASSERT_TRUE(start());
  deploy("1.0.0", push_image("first"));
  const auto first = files();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_TRUE(first[1].starts_with("gridseal-") && first[1].ends_with(".tar")) << first[1];
  EXPECT_GT(std::filesystem::file_size(directory_ + "/k3s/" + first[1]), 1024U);
  deploy("1.1.0", push_image("second"));
  EXPECT_EQ(files().size(), 3U) << "the way back needs the first one";
  deploy("1.2.0", push_image("third"));
  const auto last = files();
  EXPECT_EQ(std::ranges::count(last, first[1]), 0);
  EXPECT_EQ(last[0], "airgap.tar");
}

}  // namespace
}  // namespace gridseal::test
