#include "images/image_archive.hpp"

#include "images_fixture.hpp"
#include "oci/layout.hpp"
#include "support/program.hpp"

namespace gridseal::images {
namespace {

// GS-IMAGES-060: The archive of an image is an OCI layout that tar unpacks, whole for this platform, under
// the names that the node asks for; damage on this disk is found while it is written.
TEST_F(ImagesTest, ArchiveIsALayout) {
  const TestImage image(std::string(100'000, 'l'));
  put(image);
  const oci::StoreView view(base::system_files(), state_ + "/store");
  const oci::ManifestBytes named{image.index, image.digest(), std::string(oci::kOciIndex), {}};
  const oci::ManifestBytes platform{
      image.manifests[0], crypto::sha256(image.manifests[0]), std::string(oci::kOciManifest), {}};
  const auto manifest = oci::parse_manifest(image.manifests[0]).value();
  const ArchivedImage archived{
      {kPump.to_string() + "@" + image.digest().to_string(), kPump.to_string() + ":1.0"},
      {named, platform},
      {manifest.config, manifest.layers[0]}};
  const auto write = [&] {
    auto out =
        base::system_files().open_output(state_ + "/image.tar", base::WriteMode::truncate, 0600).value();
    return write_image_archive(*out, archived,
                               [&](const oci::Descriptor& blob) { return view.open_blob(blob); });
  };
  const auto written = write();
  ASSERT_TRUE(written) << written.error().describe();
  std::filesystem::create_directories(state_ + "/unpacked");
  const auto tar = test::run_program("tar -xvf " + state_ + "/image.tar -C " + state_ + "/unpacked");
  ASSERT_EQ(tar.code, 0) << tar.output;
  auto layout = oci::Layout::open(base::system_files(), state_ + "/unpacked");
  ASSERT_TRUE(layout) << layout.error().describe();
  EXPECT_EQ((*layout)->find_tag(kPump.to_string() + ":1.0")->digest, image.digest());
  EXPECT_EQ((*layout)->read_blob(image.digest(), 1 << 20).value(), image.index);
  EXPECT_EQ((*layout)->read_blob(platform.digest, 1 << 20).value(), image.manifests[0]);
  EXPECT_EQ((*layout)->read_blob(crypto::sha256(image.layers[0]), 1 << 20).value(), image.layers[0]);

  const std::string path = state_ + "/store/blobs/sha256/" + crypto::sha256(image.layers[0]).hex();
  std::filesystem::remove(path);
  std::ofstream(path) << std::string(image.layers[0].size(), '?');
  const auto damaged = write();
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), "oci.digest_mismatch");
}

// GS-IMAGES-061: It is known which versions of k3s import images while they run.
TEST(ImageArchive, VersionsOfK3s) {
  for (const char* good :
       {"v1.29.13+k3s1", "v1.29.14", "v1.30.9+k3s1", "v1.31.5+k3s1", "v1.32.0+k3s1", "v1.36.2", "v2.0.0"})
    EXPECT_TRUE(imports_while_running(good)) << good;
  for (const char* bad :
       {"v1.28.15+k3s1", "v1.29.12+k3s1", "v1.30.8", "v1.31.4+k3s1", "v1.27.99", "", "1.32.0", "vX"})
    EXPECT_FALSE(imports_while_running(bad)) << bad;
}

}  // namespace
}  // namespace gridseal::images
