#include "media/image_names.hpp"

#include <gtest/gtest.h>

namespace gridseal::media {
namespace {

const std::string kHex = "7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097";

// GS-MEDIA-063: Images are found in manifests however YAML or JSON writes them, and digests that name no
// image are found as such.
TEST(ImageNames, FindsThemInText) {
  for (const std::string& text : {"image: ghcr.io/acme/web:1.2@sha256:" + kHex + "\n",
                                  "image: 'ghcr.io/acme/web:1.2@sha256:" + kHex + "'",
                                  "{\"image\":\"ghcr.io/acme/web:1.2@sha256:" + kHex + "\"}"}) {
    ImageNames found;
    find_image_names(text, found);
    EXPECT_EQ(found.names, std::set<std::string>{"ghcr.io/acme/web:1.2@sha256:" + kHex}) << text;
    EXPECT_EQ(found.digests.size(), 1U);
  }
  ImageNames bare;
  find_image_names("checksum: sha256:" + kHex, bare);
  EXPECT_TRUE(bare.names.empty());
  EXPECT_EQ(bare.digests.size(), 1U);
  ImageNames none;
  find_image_names("sha256:1234 @sha256: sha256", none);
  EXPECT_TRUE(none.digests.empty());
}

}  // namespace
}  // namespace gridseal::media
