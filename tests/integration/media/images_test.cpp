// Images that come with a release.
#include <filesystem>

#include "crypto/sha256.hpp"
#include "integration/media/media_fixture.hpp"
#include "oci/image.hpp"
#include "oci/media_types.hpp"
#include "publish/layout_writer.hpp"

namespace gridseal::test {
namespace {

class MediaImagesTest : public MediaTest {
 protected:
  // An image of this host's platform in the medium's layout, as skopeo copy writes it.
  base::Digest add_image(const std::string& name, const std::string& content) {
    auto writer = publish::LayoutWriter::open(base::system_files(), medium_).value();
    const auto put = [&](const std::string& bytes, std::string_view type) {
      const base::Digest digest = crypto::sha256(bytes);
      EXPECT_TRUE(writer.put_blob(digest, bytes));
      return oci::Descriptor{std::string(type), digest, bytes.size(), {}, {}, {}};
    };
    oci::Manifest manifest{std::string(oci::kOciManifest), {}, put("{}", oci::kOciConfig), {}, {}, {}};
    manifest.layers.push_back(put(content, oci::kOciLayerTarGzip));
    oci::Descriptor image = put(oci::serialize(manifest), oci::kOciManifest);
    image.platform = oci::host_platform();
    oci::Index index{std::string(oci::kOciIndex), {}, {image}, {}, {}};
    const oci::Descriptor top = put(oci::serialize(index), oci::kOciIndex);
    EXPECT_TRUE(writer.set_reference(name, top));
    return top.digest;
  }

  static SimManifests with_image(const std::string& image) {
    return {{"pod.yaml",
             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n"
             "  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: "
             "{app: web}}\n    spec: {containers: [{name: web, image: '" +
                 image + "'}]}\n"}};
  }
};

// GS-MEDIA-010: An image that the release names is there before the switch, under the name that the signed
// manifests give it; one that nobody names does not enter the store.
TEST_F(MediaImagesTest, NamedImagesComeBeforeTheSwitch) {
  const base::Digest image = add_image("latest", "a layer");
  const base::Digest stranger = add_image("ghcr.io/acme/stranger:1", "another layer");
  const base::Digest release = add_release("1.0.0", with_image("ghcr.io/acme/web@" + image.to_string()),
                                           signed_by(host_.key()), medium_);
  host_.settings().check_images = true;
  ASSERT_TRUE(host_.start());
  const auto report = import();
  ASSERT_TRUE(report) << report.error().describe();
  ASSERT_EQ(report->releases.size(), 1U) << to_json(*report).dump(2);
  EXPECT_EQ(report->releases[0].images, 1U);
  EXPECT_TRUE(host_.engine().store().find_root("image/ghcr.io/acme/web@" + image.to_string()));
  EXPECT_FALSE(host_.engine().store().contains(stranger));
  ASSERT_TRUE(becomes(release)) << host_.component().sentence;
  const auto deployment = host_.history().deployment(host_.deployments()[0].id);
  ASSERT_TRUE(deployment && *deployment);
  EXPECT_NE((*deployment)->steps.front().detail.dump().find("\"from\":\"store\""), std::string::npos)
      << (*deployment)->steps.front().detail.dump();
}

// GS-MEDIA-011: An image that is not whole on the medium is refused; the release is taken, and waits for the
// image.
TEST_F(MediaImagesTest, APartOfAnImageIsRefused) {
  const base::Digest image = add_image("ghcr.io/acme/web:1", "a layer");
  (void)add_release("1.0.0", with_image("ghcr.io/acme/web@" + image.to_string()), signed_by(host_.key()),
                    medium_);
  std::filesystem::remove(blob(crypto::sha256("a layer")));
  ASSERT_TRUE(host_.start());
  const auto report = import();
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(codes(*report), std::vector<std::string>{"media.missing"});
  EXPECT_TRUE(host_.engine().store().roots().empty());
}

}  // namespace
}  // namespace gridseal::test
