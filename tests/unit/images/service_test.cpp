// The protocol, by a table; damage on this host's disk.
#include <fstream>

#include "images_fixture.hpp"

namespace gridseal::images {
namespace {

// GS-IMAGES-030: Requests are answered as the distribution spec says: status, error code, type, digest and
// length, by GET and HEAD.
TEST_F(ImagesTest, ConformsToTheSpec) {
  const TestImage image("content");
  put(image);
  list({image.listed("1.0")});
  open();
  const std::string digest = image.digest().to_string();
  const std::string layer = crypto::sha256(image.layers[0]).to_string();
  const std::string nothing = crypto::sha256("nothing").to_string();
  struct Case {
    std::string target;
    int status;
    std::string code;
    std::string type;
    std::string digest;
    std::string range = {};
  };
  const std::string json = "application/json";
  const std::string octets = "application/octet-stream";
  const std::string repository = "/v2/acme/pump";
  const std::vector<Case> cases = {
      {"/v2/", 200, "", json, ""},
      {"/v2", 200, "", json, ""},
      {repository + "/manifests/1.0", 200, "", std::string(oci::kOciIndex), digest},
      {repository + "/manifests/1.0?ns=ghcr.io", 200, "", std::string(oci::kOciIndex), digest},
      {"/v2/ghcr.io/acme/pump/manifests/1.0", 200, "", std::string(oci::kOciIndex), digest},
      {repository + "/manifests/" + digest, 200, "", std::string(oci::kOciIndex), digest},
      {repository + "/manifests/" + crypto::sha256(image.manifests[1]).to_string(), 200, "",
       std::string(oci::kOciManifest), crypto::sha256(image.manifests[1]).to_string()},
      {repository + "/manifests/2.0", 404, "MANIFEST_UNKNOWN", json, ""},
      {repository + "/manifests/" + nothing, 404, "MANIFEST_UNKNOWN", json, ""},
      {repository + "/manifests/" + layer, 404, "MANIFEST_UNKNOWN", json, ""},
      {repository + "/manifests/sha256:1", 400, "DIGEST_INVALID", json, ""},
      {repository + "/manifests/sha512:" + std::string(128, 'a'), 400, "DIGEST_INVALID", json, ""},
      {repository + "/manifests/a b", 404, "MANIFEST_UNKNOWN", json, ""},
      {repository + "/blobs/" + layer, 200, "", octets, layer},
      {repository + "/blobs/" + layer, 206, "", octets, layer, "bytes=2-3"},
      {repository + "/blobs/" + layer, 206, "", octets, layer, "bytes=2-99999999999999999999"},
      {repository + "/blobs/" + layer, 200, "", octets, layer, "bytes=1-2,4-5"},
      {repository + "/blobs/" + layer, 416, "RANGE_INVALID", json, "", "bytes=5000-"},
      {repository + "/blobs/" + nothing, 404, "BLOB_UNKNOWN", json, ""},
      {repository + "/blobs/" + digest, 404, "BLOB_UNKNOWN", json, ""},
      {repository + "/blobs/latest", 400, "DIGEST_INVALID", json, ""},
      {repository + "/tags/list", 200, "", json, ""},
      {"/v2/other/tags/list", 404, "NAME_UNKNOWN", json, ""},
      {repository + "/referrers/" + digest, 200, "", std::string(oci::kOciIndex), ""},
      {repository + "/referrers/latest", 400, "DIGEST_INVALID", json, ""},
      {"/v2/_catalog", 404, "NOT_FOUND", json, ""},
      {"/v2/../store/manifests/1.0", 400, "NAME_INVALID", json, ""},
      {"/", 404, "NOT_FOUND", json, ""}};
  for (const Case& one : cases) {
    for (const char* method : {"GET", "HEAD"}) {
      const auto answer = ask(method, one.target, one.range);
      const std::string what = std::string(method) + " " + one.target + " " + one.range;
      EXPECT_EQ(answer.status, one.status) << what << answer.body;
      if (answer.status >= 400) {
        EXPECT_EQ(answer.code(), one.code) << what;
      }
      EXPECT_EQ(answer.type, one.type) << what;
      EXPECT_EQ(answer.headers.get("Docker-Content-Digest"), one.digest) << what;
      EXPECT_EQ(answer.headers.get("Docker-Distribution-Api-Version"), "registry/2.0") << what;
      EXPECT_TRUE(answer.whole) << what;
    }
  }
  EXPECT_EQ(ask("GET", repository + "/blobs/" + layer, "bytes=2-3").body, image.layers[0].substr(2, 2));
  EXPECT_EQ(ask("GET", repository + "/blobs/" + layer, "bytes=2-3").headers.get("Content-Range"),
            "bytes 2-3/" + std::to_string(image.layers[0].size()));
  EXPECT_EQ(ask("GET", repository + "/blobs/" + layer, "bytes=5000-").headers.get("Content-Range"),
            "bytes */" + std::to_string(image.layers[0].size()));
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    const auto answer = ask(method, repository + "/manifests/1.0");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.code(), "UNSUPPORTED") << method;
    EXPECT_EQ(answer.headers.get("Allow"), "GET, HEAD") << method;
  }
}

// GS-IMAGES-031: A blob that was changed on this disk never makes a complete answer: a whole one ends early,
// a part of it and its head are not given at all; the same for a manifest.
TEST_F(ImagesTest, DamageIsNotServed) {
  const TestImage image(std::string(1'000'000, 'x'));
  put(image);
  list({image.listed("1.0")});
  open();
  const std::string& layer = image.layers[0];
  EXPECT_EQ(ask("GET", blob_path(layer)).body, layer);
  const std::string path = state_ + "/store/blobs/sha256/" + crypto::sha256(layer).hex();
  std::string changed = layer;
  changed[10] = 'y';
  std::filesystem::remove(path);
  std::ofstream(path) << changed;
  // Another process has not seen it when it was whole.
  restart();
  const auto first = ask("GET", blob_path(layer));
  EXPECT_FALSE(first.whole);
  EXPECT_LT(first.body.size(), layer.size());
  EXPECT_NE(ask("GET", blob_path(layer)).status, 200);
  EXPECT_NE(ask("HEAD", blob_path(layer)).status, 200);
  restart();
  EXPECT_NE(ask("GET", blob_path(layer), "bytes=0-1").status, 206);
  EXPECT_NE(ask("HEAD", blob_path(layer)).status, 200);
  std::ofstream(state_ + "/store/blobs/sha256/" + image.digest().hex(), std::ios::app) << " ";
  EXPECT_NE(ask("GET", manifest_path(image.index)).status, 200);
}

// GS-IMAGES-032: Without list, store, settings or mirror it answers, and serves nothing.
TEST_F(ImagesTest, ServesNothingOnAnEmptyHost) {
  std::filesystem::remove_all(state_ + "/store");
  open();
  EXPECT_EQ(ask("GET", "/v2/").status, 200);
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0").status, 404);
  EXPECT_EQ(service_->summary(), "0 images");
  service_->tidy();
}

// GS-IMAGES-033: A blob that grows by the agent's hand while it is asked for is there whole or not at all,
// and what arrives later is found without a restart.
TEST_F(ImagesTest, FindsWhatArrivesLater) {
  const TestImage image("later");
  list({image.listed("1.0")});
  open();
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0").status, 404);
  put(image);
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0").status, 200);
  EXPECT_EQ(ask("GET", blob_path(image.layers[1])).body, image.layers[1]);
}

// GS-IMAGES-034: Where the cache cannot be opened, what is in the store is served all the same.
TEST_F(ImagesTest, ServesWithoutACache) {
  const TestImage image("image");
  put(image);
  list({image.listed("1.0"), {kPump, "open", std::nullopt}});
  std::ofstream(cache_directory(state_)) << "no folder";
  open();
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/1.0").status, 200);
  EXPECT_EQ(ask("GET", manifest_path(image.manifests[0])).status, 200);
  EXPECT_TRUE(ask("GET", blob_path(image.layers[0])).whole);
  EXPECT_EQ(ask("GET", "/v2/acme/pump/manifests/open").status, 404);
  service_->tidy();
  EXPECT_EQ(service_->summary(), "2 images");
}

}  // namespace
}  // namespace gridseal::images
