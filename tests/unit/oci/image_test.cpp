#include "oci/image.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "oci/manifest.hpp"
#include "registry_fixture.hpp"

namespace gridseal::oci {
namespace {

const Platform kHost{"linux", "amd64", {}};

class ImageTest : public RegistryTest {
 protected:
  ImageTest() {
    client([this](const SeenRequest& request) { return serve(request); });
  }

  ScriptedAnswer serve(const SeenRequest& request) {
    const std::string& target = request.request.target;
    const bool head = request.request.method == "HEAD";
    if (head && no_head_) return answer(405);
    const auto it = content_.find(target.substr(target.rfind('/') + 1));
    if (it == content_.end()) return answer(404);
    auto script = answer(200, head ? "" : it->second);
    return script.with("Content-Length", std::to_string(it->second.size()));
  }

  Descriptor put(const std::string& bytes, std::string_view type) {
    const Descriptor descriptor = descriptor_of(bytes, type);
    content_[descriptor.digest.to_string()] = bytes;
    return descriptor;
  }

  Descriptor put_image(const std::string& name, std::string_view layer_type = kOciLayerTarGzip) {
    Manifest manifest{std::string(kOciManifest),
                      {},
                      put("config of " + name, kOciConfig),
                      {put("layer of " + name, layer_type)},
                      {},
                      {}};
    return put(serialize(manifest), kOciManifest);
  }

  Descriptor put_index(const std::vector<std::pair<std::string, Platform>>& images) {
    Index index;
    index.media_type = kOciIndex;
    for (const auto& [name, platform] : images) {
      index.manifests.push_back(put_image(name));
      index.manifests.back().platform = platform;
    }
    return put(serialize(index), kOciIndex);
  }

  void lose(const std::string& bytes) { content_.erase(crypto::sha256(bytes).to_string()); }

  base::Result<FoundImage> find(const base::Digest& digest, ImageDepth depth = ImageDepth::whole) {
    RegistryImages images(*registry_, kPumps);
    return find_image(images, {kPumps, {}, digest}, kHost, depth, requests_, stop_);
  }
  std::string code(const base::Digest& digest) {
    const auto found = find(digest);
    return found ? "" : found.error().code();
  }

  std::map<std::string, std::string> content_;  // by the last part of the target
  bool no_head_ = false;
  size_t requests_ = 100;
};

// GS-OCI-200: an image is there when its manifest, config and layers are; only the manifest is fetched.
TEST_F(ImageTest, WholeImage) {
  const Descriptor image = put_image("pump");
  const auto found = find(image.digest);
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->manifest().digest, image.digest);
  EXPECT_FALSE(found->of_platform);
  EXPECT_EQ(lines().size(), 3U);
  EXPECT_EQ(std::ranges::count_if(seen(), [](const auto& r) { return r.request.method == "HEAD"; }), 2);
}

// GS-OCI-201: a manifest, a config or a layer that is not there is oci.not_found.
TEST_F(ImageTest, MissingPart) {
  const Descriptor image = put_image("pump");
  const auto whole = content_;
  for (const auto& [digest, bytes] : whole) {
    content_ = whole;
    content_.erase(digest);
    EXPECT_EQ(code(image.digest), "oci.not_found") << bytes;
  }
}

// GS-OCI-202: of an index the manifest for the host's platform must be whole; others are not looked at.
TEST_F(ImageTest, IndexMeansThePlatform) {
  const Descriptor index = put_index({{"small", {"linux", "arm64", "v8"}},
                                      {"big", {"linux", "amd64", ""}},
                                      {"win", {"windows", "amd64", ""}}});
  lose("layer of small");
  const auto found = find(index.digest);
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->named.digest, index.digest);
  ASSERT_TRUE(found->of_platform);
  EXPECT_NE(found->of_platform->bytes.find(crypto::sha256("layer of big").hex()), std::string::npos);
  lose("layer of big");
  EXPECT_EQ(code(index.digest), "oci.not_found");
}

// GS-OCI-203: an index without the host's platform is refused, and says which platform that is.
TEST_F(ImageTest, IndexWithoutThePlatform) {
  const Descriptor index = put_index({{"small", {"linux", "arm64", "v8"}}});
  const auto found = find(index.digest);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), "oci.platform");
  EXPECT_NE(found.error().describe().find("linux/amd64"), std::string::npos);
}

// GS-OCI-204: where HEAD is not answered the head of a GET decides, and the blob is not read.
TEST_F(ImageTest, HeadNotAnswered) {
  no_head_ = true;
  const Descriptor image = put_image("pump");
  EXPECT_EQ(code(image.digest), "");
  lose("layer of pump");
  EXPECT_EQ(code(image.digest), "oci.not_found");
}

// GS-OCI-205: a layer of another size than the manifest says is damage.
TEST_F(ImageTest, CutLayer) {
  const Descriptor image = put_image("pump");
  content_[crypto::sha256("layer of pump").to_string()] = "lay";
  EXPECT_EQ(code(image.digest), "oci.size_mismatch");
}

// GS-OCI-206: layers that no registry may hold are not asked for.
TEST_F(ImageTest, ForeignLayers) {
  const Descriptor image = put_image("win", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
  lose("layer of win");
  EXPECT_EQ(code(image.digest), "");
}

// GS-OCI-207: the number of questions is bounded, and a part is asked for once.
TEST_F(ImageTest, Bounded) {
  const Descriptor image = put_image("pump");
  RegistryImages images(*registry_, kPumps);
  const Reference reference{kPumps, {}, image.digest};
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(find_image(images, reference, kHost, ImageDepth::whole, requests_, stop_));
  EXPECT_EQ(lines().size(), 4U) << "two manifests, one config, one layer";
  requests_ = 2;
  EXPECT_EQ(code(image.digest), "oci.limit");
}

// GS-OCI-208: without asking for content, the manifests alone are looked at.
TEST_F(ImageTest, ManifestsOnly) {
  const Descriptor image = put_image("pump");
  lose("layer of pump");
  EXPECT_TRUE(find(image.digest, ImageDepth::manifests));
}

// GS-OCI-209: the own store holds an image when it holds all parts of it.
TEST_F(ImageTest, Store) {
  const std::string directory =
      std::filesystem::temp_directory_path() / ("gridseal-image-" + std::to_string(::getpid()));
  auto store = Store::open(base::system_files(), base::null_log(), {directory, 0});
  ASSERT_TRUE(store) << store.error().describe();
  const Descriptor image = put_image("pump");
  StoredImages images(**store);
  const auto find = [&] {
    return find_image(images, {kPumps, {}, image.digest}, kHost, ImageDepth::whole, requests_, stop_);
  };
  for (const auto& [digest, bytes] : content_) {
    const auto before = find();
    ASSERT_FALSE(before);
    EXPECT_EQ(before.error().code(), "store.not_found");
    ASSERT_TRUE((*store)->put_blob(descriptor_of(bytes), bytes));
  }
  EXPECT_TRUE(find());
  EXPECT_TRUE(seen().empty());
  std::filesystem::remove_all(directory);
}

// GS-OCI-210: platforms are matched as containerd does.
TEST(Platforms, Rank) {
  const Platform arm64{"linux", "arm64", {}};
  const Platform armv7{"linux", "arm", "v7"};
  EXPECT_EQ(platform_rank({"linux", "amd64", ""}, kHost), 0);
  EXPECT_LT(platform_rank({"linux", "amd64", "v3"}, kHost), platform_rank({"linux", "386", ""}, kHost));
  EXPECT_EQ(platform_rank({"linux", "arm64", "v8"}, kHost), std::nullopt);
  EXPECT_EQ(platform_rank({"windows", "amd64", ""}, kHost), std::nullopt);
  EXPECT_LT(platform_rank({"linux", "arm64", "v8"}, arm64), platform_rank({"linux", "arm", "v7"}, arm64));
  EXPECT_EQ(platform_rank({"linux", "arm64", ""}, armv7), std::nullopt);
  EXPECT_LT(platform_rank({"linux", "arm", "v7"}, armv7), platform_rank({"linux", "arm", "v6"}, armv7));
  EXPECT_EQ(platform_rank({"linux", "arm", "v8"}, armv7), std::nullopt);
  EXPECT_EQ(host_platform().os, "linux");
  EXPECT_FALSE(host_platform().architecture.empty());
}

// GS-OCI-211: an image is named as containers name it: the registry that is not said is docker.io.
TEST(ImageReference, Parses) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nginx", "docker.io/library/nginx:latest"},
      {"nginx:1.27", "docker.io/library/nginx:1.27"},
      {"nginx@" + digest, "docker.io/library/nginx@" + digest},
      {"team/app:v1", "docker.io/team/app:v1"},
      {"index.docker.io/nginx", "docker.io/library/nginx:latest"},
      {"docker.io/team/app", "docker.io/team/app:latest"},
      {"localhost/app:v1", "localhost/app:v1"},
      {"mirror:5000/app:v1@" + digest, "mirror:5000/app:v1@" + digest},
      {"Ghcr.IO/acme/app:v1", "ghcr.io/acme/app:v1"},
      {"[fd00::1]:5000/a/b", "[fd00::1]:5000/a/b:latest"},
  };
  for (const auto& [text, meaning] : cases) {
    const auto reference = parse_image(text);
    ASSERT_TRUE(reference) << text << " " << reference.error().describe();
    EXPECT_EQ(reference->to_string(), meaning) << text;
  }
  for (const std::string text : {"", "Nginx", "oci://ghcr.io/a/b", "https://ghcr.io/a", "ghcr.io/", "a b",
                                 "app@sha256:12", "ghcr.io/acme//app", "nginx:"})
    EXPECT_FALSE(parse_image(text)) << text;
}

}  // namespace
}  // namespace gridseal::oci
