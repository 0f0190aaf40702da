// What is not on this host: pulled from mirrors, checked, kept.
#include <atomic>
#include <latch>
#include <thread>

#include "images_fixture.hpp"

namespace gridseal::images {
namespace {

using test::ScriptedAnswer;
using test::SeenRequest;

// A mirror that can be switched off, lie, and be made to wait.
class PullThroughTest : public ImagesTest, public Upstream {
 protected:
  void hold(const TestImage& image) {
    for (const auto& [bytes, type] : image.blobs) held_[crypto::sha256(bytes).to_string()] = {bytes, type};
  }
  void open_with_mirror(ServiceSettings settings = {}) {
    open(settings);
    oci::RegistrySettings mirror;
    mirror.mirrors = {{"http://127.0.0.1:1", {}, {}}};
    mirror.retry.rounds = 1;
    registry_ = std::move(
        oci::Registry::create(std::move(mirror), {http_, base::system_clock(), base::null_log(), {}})
            .value());
    service_->use(std::shared_ptr<const Upstream>(this, [](const Upstream*) {}));
  }
  void restart_with_mirror() {
    service_.reset();
    open_with_mirror();
  }
  std::vector<Place> places(const oci::Repository& image) const override {
    if (image.registry != "ghcr.io") return {};
    return {{"mirror", registry_.get(), {"mirror", "prefix/" + image.path}}};
  }
  size_t count(const std::string& part) const {
    size_t n = 0;
    for (const auto& request : http_.requests()) n += request.line().find(part) != std::string::npos ? 1 : 0;
    return n;
  }

  ScriptedAnswer answer(const SeenRequest& seen) {
    if (off_) return test::unreachable();
    const std::string& target = seen.request.target;
    const std::string prefix = "/v2/prefix/acme/pump/";
    if (!target.starts_with(prefix)) return test::answer(404);
    const std::string name = target.substr(target.rfind('/') + 1);
    const auto tag = tags_.find(name);
    const auto found = held_.find(tag == tags_.end() ? name : tag->second);
    if (found == held_.end()) return test::answer(404);
    if (gate_ && target.find("/blobs/") != std::string::npos) gate_->wait();
    auto made = test::answer(200, found->second.first);
    const auto lie = lies_.find(found->first);
    if (lie != lies_.end()) made.body = lie->second;
    made.with("Content-Type", found->second.second).with("Docker-Content-Digest", found->first);
    return made;
  }

  test::ScriptedHttp http_{[this](const SeenRequest& seen) { return answer(seen); }};
  std::unique_ptr<oci::Registry> registry_;
  std::map<std::string, std::pair<std::string, std::string>> held_;
  std::map<std::string, std::string> tags_;
  std::map<std::string, std::string> lies_;
  std::atomic<bool> off_{false};
  std::latch* gate_ = nullptr;
};

// GS-IMAGES-040: A listed image that is not here is pulled through, kept, and served from here when the
// mirror is gone, by another process too.
TEST_F(PullThroughTest, IsKept) {
  const TestImage image("image");
  hold(image);
  list({image.listed("1.0")});
  open_with_mirror();
  const auto pull_all = [&] {
    EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0?ns=ghcr.io").body, image.index);
    EXPECT_EQ(ask("GET", manifest_path(image.manifests[0])).body, image.manifests[0]);
    EXPECT_EQ(ask("HEAD", blob_path(image.layers[0])).status, 200);
    const auto layer = ask("GET", blob_path(image.layers[0]));
    EXPECT_TRUE(layer.whole);
    EXPECT_EQ(layer.body, image.layers[0]);
  };
  pull_all();
  const size_t asked = http_.requests().size();
  off_ = true;
  pull_all();
  restart();
  pull_all();
  EXPECT_EQ(http_.requests().size(), asked);
}

// GS-IMAGES-041: Many clients that ask for one blob cause one pull, and all of them get it whole.
TEST_F(PullThroughTest, IsPulledOnceForAll) {
  const TestImage image(std::string(700'000, 'l'));
  hold(image);
  list({image.listed("1.0")});
  open_with_mirror();
  ASSERT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  ASSERT_EQ(ask("GET", manifest_path(image.manifests[0])).status, 200);
  std::latch gate(1);
  gate_ = &gate;
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 10; ++i) {
      clients.emplace_back([&, i] {
        const std::string range = i % 2 == 0 ? "" : "bytes=100000-200000";
        const auto answer = ask("GET", blob_path(image.layers[0]), range);
        const std::string wanted = range.empty() ? image.layers[0] : image.layers[0].substr(100'000, 100'001);
        if (answer.whole && answer.body == wanted) ++good;
      });
    }
    gate.count_down();
  }
  EXPECT_EQ(good, 10);
  EXPECT_EQ(count("/blobs/"), 1U);
}

// GS-IMAGES-042: A mirror that sends other bytes than the digest says never makes a complete answer, and
// nothing of it is kept; the same for a manifest.
TEST_F(PullThroughTest, LiesAreNotServed) {
  const TestImage image(std::string(700'000, 'l'));
  hold(image);
  list({image.listed("1.0")});
  open_with_mirror();
  ASSERT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  ASSERT_EQ(ask("GET", manifest_path(image.manifests[0])).status, 200);
  std::string lie = image.layers[0];
  lie.back() = 'X';
  lies_[crypto::sha256(image.layers[0]).to_string()] = lie;
  const auto answer = ask("GET", blob_path(image.layers[0]));
  EXPECT_FALSE(answer.status == 200 && answer.whole);
  EXPECT_FALSE(std::filesystem::exists(cache_directory(state_) + "/blobs/sha256/" +
                                       crypto::sha256(image.layers[0]).hex()));
  const auto part = ask("GET", blob_path(image.layers[0]), "bytes=0-9");
  EXPECT_FALSE(part.status == 206 && part.whole);
  lies_.clear();
  // A request that comes while the pull of the lie is still being given up shares its end.
  std::string body;
  for (int i = 0; i < 5 && body != image.layers[0]; ++i) body = ask("GET", blob_path(image.layers[0])).body;
  EXPECT_TRUE(body == image.layers[0]);
  lies_[crypto::sha256(image.manifests[1]).to_string()] = image.manifests[0];
  EXPECT_NE(ask("GET", manifest_path(image.manifests[1])).status, 200);
}

// GS-IMAGES-043: What nobody names is not asked for above, nor what is denied.
TEST_F(PullThroughTest, AsksForWhatIsListedAlone) {
  const TestImage image("image");
  const TestImage other("other");
  hold(image);
  hold(other);
  list({image.listed("1.0")}, {crypto::sha256(image.layers[0])});
  open_with_mirror();
  EXPECT_EQ(ask("GET", manifest_path(other.index)).status, 404);
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/other?ns=ghcr.io").status, 404);
  EXPECT_EQ(http_.requests().size(), 0U);
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  EXPECT_EQ(ask("GET", manifest_path(image.manifests[0])).status, 200);
  EXPECT_EQ(ask("GET", blob_path(image.layers[0])).code(), "DENIED");
  EXPECT_EQ(count("/blobs/"), 0U);
}

// GS-IMAGES-044: A mirror that gives no answer is said, with a time to come again, and is not asked for each
// request; what is here is served meanwhile.
TEST_F(PullThroughTest, OutageIsSaid) {
  const TestImage here("here");
  const TestImage away("away");
  put(here);
  list({here.listed("1.0"), away.listed("2.0")});
  open_with_mirror();
  off_ = true;
  const auto first = ask("GET", manifest_path(away.index));
  EXPECT_EQ(first.status, 503);
  EXPECT_EQ(first.code(), "UNAVAILABLE");
  EXPECT_EQ(first.headers.get("Retry-After"), "5");
  const size_t asked = http_.requests().size();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("GET", manifest_path(away.index)).status, 503);
  EXPECT_EQ(http_.requests().size(), asked);
  EXPECT_EQ(ask("GET", manifest_path(here.index)).status, 200);
}

// GS-IMAGES-045: So many requests may wait for a mirror at a time; another one is told to come again, so that
// what is here can be served.
TEST_F(PullThroughTest, WaitingIsBounded) {
  const TestImage image(std::string(1000, 'l'));
  hold(image);
  list({image.listed("1.0")});
  ServiceSettings settings;
  settings.waiting = 1;
  open_with_mirror(settings);
  ASSERT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  ASSERT_EQ(ask("GET", manifest_path(image.manifests[0])).status, 200);
  ASSERT_EQ(ask("GET", manifest_path(image.manifests[1])).status, 200);
  std::latch gate(1);
  gate_ = &gate;
  std::jthread waiting([&] { EXPECT_EQ(ask("GET", blob_path(image.layers[0])).body, image.layers[0]); });
  while (count("/blobs/") == 0) std::this_thread::yield();
  const auto busy = ask("GET", blob_path(image.layers[1]));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.code(), "TOOMANYREQUESTS");
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  gate.count_down();
}

// GS-IMAGES-046: A tag that could not be looked up before is looked up above at each pull; in an outage it is
// what it was last.
TEST_F(PullThroughTest, OpenTags) {
  const TestImage one("one");
  const TestImage two("two");
  hold(one);
  hold(two);
  list({{kPump, "latest", std::nullopt}});
  open_with_mirror();
  tags_["latest"] = one.digest().to_string();
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/latest?ns=ghcr.io").body, one.index);
  tags_["latest"] = two.digest().to_string();
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/latest?ns=ghcr.io").body, two.index);
  EXPECT_EQ(ask("GET", manifest_path(two.manifests[0])).status, 200);
  service_->tidy();
  off_ = true;
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/latest?ns=ghcr.io").body, two.index);
  EXPECT_EQ(ask("GET", manifest_path(two.manifests[0])).status, 200);
}

// GS-IMAGES-047: What is no longer listed leaves the cache, what is listed stays; the agent's store is not
// touched.
TEST_F(PullThroughTest, CacheFollowsTheList) {
  const TestImage stays("stays");
  const TestImage goes("goes");
  const TestImage stored("stored");
  put(stored);
  hold(stays);
  hold(goes);
  list({stays.listed("1.0"), goes.listed("2.0")});
  open_with_mirror();
  for (const TestImage* image : {&stays, &goes}) {
    EXPECT_EQ(ask("GET", manifest_path(image->index)).status, 200);
    EXPECT_EQ(ask("GET", manifest_path(image->manifests[0])).status, 200);
    EXPECT_TRUE(ask("GET", blob_path(image->layers[0])).whole);
  }
  const auto is_cached = [&](const std::string& bytes) {
    return std::filesystem::exists(cache_directory(state_) + "/blobs/sha256/" + crypto::sha256(bytes).hex());
  };
  EXPECT_TRUE(is_cached(goes.layers[0]));
  list({stays.listed("1.0")});
  for (int i = 0; i < 1000 && is_cached(goes.layers[0]); ++i) service_->tidy();
  EXPECT_FALSE(is_cached(goes.layers[0]));
  EXPECT_FALSE(is_cached(goes.index));
  EXPECT_TRUE(is_cached(stays.layers[0]));
  EXPECT_TRUE(is_cached(stays.index));
  EXPECT_TRUE(store_->contains(stored.digest()));
}

// GS-IMAGES-048: A blob that is damaged on this host is pulled again from a mirror that has it.
TEST_F(PullThroughTest, DamageIsHealed) {
  const TestImage image("image");
  put(image);
  hold(image);
  list({image.listed("1.0")});
  const std::string path = state_ + "/store/blobs/sha256/" + crypto::sha256(image.layers[0]).hex();
  std::string changed = image.layers[0];
  changed[0] = '?';
  std::filesystem::remove(path);
  std::ofstream(path) << changed;
  open_with_mirror();
  EXPECT_FALSE(ask("GET", blob_path(image.layers[0])).whole);
  const auto again = ask("GET", blob_path(image.layers[0]));
  EXPECT_TRUE(again.whole);
  EXPECT_EQ(again.body, image.layers[0]);
  // The same where the cache itself was damaged.
  std::ofstream(cache_directory(state_) + "/blobs/sha256/" + crypto::sha256(image.layers[0]).hex())
      << changed;
  restart_with_mirror();
  EXPECT_FALSE(ask("GET", blob_path(image.layers[0])).whole) << "of the store";
  EXPECT_FALSE(ask("GET", blob_path(image.layers[0])).whole) << "of the cache";
  EXPECT_EQ(ask("GET", blob_path(image.layers[0])).body, image.layers[0]);
}

// GS-IMAGES-049: An image whose manifests are in the store and whose layers are in the cache keeps them.
TEST_F(PullThroughTest, InTwoPartsStays) {
  const TestImage image("image");
  hold(image);
  list({image.listed("1.0")});
  for (const std::string& bytes : {image.index, image.manifests[0], image.manifests[1]})
    ASSERT_TRUE(store_->put_blob(descriptor_of(bytes), bytes));
  open_with_mirror();
  EXPECT_TRUE(ask("GET", blob_path(image.layers[0])).whole);
  off_ = true;
  restart_with_mirror();
  for (int i = 0; i < 3; ++i) service_->tidy();
  EXPECT_EQ(ask("GET", blob_path(image.layers[0])).body, image.layers[0]);
}

}  // namespace
}  // namespace gridseal::images
