// What is served, and what is not, by the list.
#include "images_fixture.hpp"

namespace gridseal::images {
namespace {

// GS-IMAGES-020: Of everything in the store a client sees what the listed images reach, of all platforms, and
// nothing else.
TEST_F(ImagesTest, ServesWhatIsListedAlone) {
  const TestImage named("named");
  const TestImage other("other");
  put(named);
  put(other);
  list({named.listed("1.0")});
  open();
  for (const auto& [bytes, type] : named.blobs) {
    const bool is_manifest = type == oci::kOciIndex || type == oci::kOciManifest;
    const auto answer = ask("GET", is_manifest ? manifest_path(bytes) : blob_path(bytes));
    EXPECT_EQ(answer.status, 200) << type;
    EXPECT_EQ(answer.body, bytes);
  }
  for (const auto& [bytes, type] : other.blobs) {
    EXPECT_EQ(ask("GET", manifest_path(bytes)).code(), "MANIFEST_UNKNOWN") << type;
    // The configs are the same bytes.
    if (!named.blobs.contains(bytes)) {
      EXPECT_EQ(ask("GET", blob_path(bytes)).code(), "BLOB_UNKNOWN") << type;
    }
  }
  EXPECT_EQ(ask("GET", "/v2/acme/other/manifests/" + named.digest().to_string()).code(), "MANIFEST_UNKNOWN");
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0?ns=quay.io").code(), "MANIFEST_UNKNOWN");
}

// GS-IMAGES-021: A changed list counts at the next request; a damaged one changes nothing.
TEST_F(ImagesTest, FollowsTheList) {
  const TestImage image("image");
  put(image);
  open();
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 404);
  list({image.listed("1.0")});
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  std::ofstream(list_path(state_)) << "{ damaged";
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  list({});
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 404);
}

// GS-IMAGES-022: What is denied is not served: the image, its manifest for a platform, or a layer of it.
TEST_F(ImagesTest, DeniedIsNotServed) {
  const TestImage image("image");
  put(image);
  list({image.listed("1.0")}, {image.digest()});
  open();
  EXPECT_EQ(ask("GET", manifest_path(image.index)).code(), "DENIED");
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0").code(), "MANIFEST_UNKNOWN");
  EXPECT_EQ(ask("GET", blob_path(image.layers[0])).code(), "BLOB_UNKNOWN");
  list({image.listed("1.0")}, {crypto::sha256(image.manifests[0]), crypto::sha256(image.layers[1])});
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 200);
  EXPECT_EQ(ask("GET", manifest_path(image.manifests[0])).code(), "DENIED");
  EXPECT_EQ(ask("GET", blob_path(image.layers[1])).code(), "DENIED");
  EXPECT_EQ(ask("HEAD", blob_path(image.layers[1])).status, 403);
}

// GS-IMAGES-023: The artifacts of components are never served as images, neither the listed ones nor what
// looks like one.
TEST_F(ImagesTest, ArtifactsAreNotServed) {
  const TestImage image("image");
  put(image);
  list({image.listed("1.0")}, {}, image.digest());
  open();
  EXPECT_EQ(ask("GET", manifest_path(image.index)).status, 404);
  const std::string layer = "manifests";
  const oci::Manifest flux{std::string(oci::kOciManifest),
                           {},
                           descriptor_of("{}", oci::kFluxConfig),
                           {descriptor_of(layer, oci::kFluxContent)},
                           {},
                           {}};
  const std::string bytes = oci::serialize(flux);
  for (const std::string& one : {std::string("{}"), layer, bytes})
    ASSERT_TRUE(store_->put_blob(descriptor_of(one), one));
  list({{kPump, "2.0", crypto::sha256(bytes)}});
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/2.0").code(), "DENIED");
}

// GS-IMAGES-024: Of two revisions that name one tag the later one counts; tags are listed, in pages too.
TEST_F(ImagesTest, TagsOfTheLatestRevision) {
  const TestImage before("before");
  const TestImage after("after");
  put(before);
  put(after);
  const ImageList both{{{"pumps", crypto::sha256("1"), {before.listed("stable"), before.listed("1.0")}},
                        {"pumps", crypto::sha256("2"), {after.listed("stable"), after.listed("1.1")}}},
                       {}};
  ASSERT_TRUE(write_list(base::system_files(), state_, both));
  open();
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/stable?ns=ghcr.io").body, after.index);
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0?ns=ghcr.io").body, before.index);
  const auto all = ask("GET", "/v2/acme/pump/tags/list?ns=ghcr.io");
  EXPECT_EQ(base::parse_json(all.body).value(),
            (base::Json{{"name", "acme/pump"}, {"tags", {"1.0", "1.1", "stable"}}}));
  const auto page = ask("GET", "/v2/acme/pump/tags/list?n=2");
  EXPECT_EQ(base::parse_json(page.body).value()["tags"], (base::Json{"1.0", "1.1"}));
  EXPECT_EQ(page.headers.get("Link"), "</v2/acme/pump/tags/list?n=2&last=1.1>; rel=\"next\"");
  EXPECT_EQ(base::parse_json(ask("GET", "/v2/acme/pump/tags/list?n=2&last=1.1").body).value()["tags"],
            (base::Json{"stable"}));
  EXPECT_EQ(ask("GET", "/v2/acme/other/tags/list").code(), "NAME_UNKNOWN");
}

// GS-IMAGES-025: Signatures that lie beside a listed image are found by the Referrers API and by their tags,
// and can be read.
TEST_F(ImagesTest, ReferrersOfAnImage) {
  const TestImage image("image");
  put(image);
  const auto sign = [&](oci::Place place, const std::string& type, const std::string& text) {
    oci::Manifest manifest{std::string(oci::kOciManifest), type, descriptor_of("{}", oci::kOciEmpty),
                           {descriptor_of(text, type)},    {},   {{"who", "me"}}};
    if (place == oci::Place::referrer) manifest.subject = descriptor_of(image.index, oci::kOciIndex);
    const std::string bytes = oci::serialize(manifest);
    for (const std::string& one : {std::string("{}"), text, bytes})
      ASSERT_TRUE(store_->put_blob(descriptor_of(one), one));
    ASSERT_TRUE(store_->add_signatures(image.digest(), {{place, descriptor_of(bytes, oci::kOciManifest)}}));
  };
  sign(oci::Place::referrer, "application/vnd.dev.sigstore.bundle.v0.3+json", "bundle");
  sign(oci::Place::legacy_tag, std::string(oci::kSimpleSigning), "simple");
  list({image.listed()});
  open();
  const std::string path = "/v2/acme/pump/referrers/" + image.digest().to_string();
  const auto all = ask("GET", path);
  EXPECT_EQ(all.type, oci::kOciIndex);
  const auto index = base::parse_json(all.body).value();
  ASSERT_EQ(index["manifests"].size(), 1U) << all.body;
  EXPECT_EQ(index["manifests"][0]["artifactType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
  EXPECT_EQ(index["manifests"][0]["annotations"]["who"], "me");
  const std::string found = index["manifests"][0]["digest"];
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/" + found).status, 200);
  EXPECT_EQ(ask("GET", blob_path("bundle")).body, "bundle");
  const auto none = ask("GET", path + "?artifactType=application/other");
  EXPECT_EQ(base::parse_json(none.body).value()["manifests"], base::Json::array());
  EXPECT_EQ(none.headers.get("OCI-Filters-Applied"), "artifactType");
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/" + oci::digest_tag(image.digest(), ".sig")).status, 200);
  EXPECT_EQ(ask("GET", blob_path("simple")).body, "simple");
  const auto unknown = ask("GET", "/v2/acme/pump/referrers/" + crypto::sha256("x").to_string());
  EXPECT_EQ(unknown.status, 200);
  EXPECT_EQ(base::parse_json(unknown.body).value()["manifests"], base::Json::array());
}

}  // namespace
}  // namespace gridseal::images
