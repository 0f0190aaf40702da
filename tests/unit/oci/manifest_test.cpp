#include "oci/manifest.hpp"

#include <gtest/gtest.h>

#include "oci/media_types.hpp"

namespace gridseal::oci {
namespace {

const std::string kLayerDigest = "sha256:" + std::string(64, '1');

base::Json descriptor(std::string_view type) {
  return {{"mediaType", type}, {"digest", kLayerDigest}, {"size", 3}};
}

base::Json flux_manifest() {
  return {{"schemaVersion", 2},
          {"mediaType", kOciManifest},
          {"config", descriptor(kFluxConfig)},
          {"layers", {descriptor(kFluxContent)}},
          {"annotations", {{kAnnotationRevision, "main@sha1:abc"}}}};
}

// GS-OCI-020: manifests of Flux are read, and what is written reads back the same.
TEST(Manifest, RoundTrips) {
  auto manifest = parse_manifest(flux_manifest().dump(), kOciManifest);
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->kind(), kFluxConfig);
  EXPECT_EQ(manifest->annotations.at(std::string(kAnnotationRevision)), "main@sha1:abc");
  auto again = parse_manifest(serialize(*manifest));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->layers, manifest->layers);
  EXPECT_EQ(again->annotations, manifest->annotations);
}

// GS-OCI-021: a body that could be read two ways is refused (CVE-2021-41190).
TEST(Manifest, RefusesAmbiguity) {
  auto both = flux_manifest();
  both["manifests"] = base::Json::array();
  EXPECT_EQ(parse_document(both.dump()).error().code(), "oci.manifest");
  EXPECT_EQ(parse_document(flux_manifest().dump(), kOciIndex).error().code(), "oci.manifest");
  EXPECT_EQ(parse_document(R"({"schemaVersion":2,"schemaVersion":2})").error().code(), "parse.duplicate_key");
}

// GS-OCI-022: wrong types, other digests and missing members are refused.
TEST(Manifest, RefusesMalformed) {
  const auto broken = [](auto&& change) {
    auto json = flux_manifest();
    change(json);
    return parse_document(json.dump());
  };
  using J = base::Json;
  EXPECT_FALSE(broken([](J& j) { j["schemaVersion"] = 1; }));
  EXPECT_FALSE(broken([](J& j) { j["schemaVersion"] = "2"; }));
  EXPECT_FALSE(broken([](J& j) { j.erase("config"); }));
  EXPECT_FALSE(broken([](J& j) { j.erase("layers"); }));
  EXPECT_FALSE(broken([](J& j) { j["layers"] = J::object(); }));
  EXPECT_FALSE(broken([](J& j) { j["layers"][0]["size"] = -1; }));
  EXPECT_FALSE(broken([](J& j) { j["layers"][0]["size"] = "3"; }));
  EXPECT_FALSE(broken([](J& j) { j["layers"][0]["size"] = 1.5; }));
  EXPECT_FALSE(broken([](J& j) { j["layers"][0]["digest"] = "sha512:" + std::string(128, '1'); }));
  EXPECT_FALSE(broken([](J& j) { j["layers"][0]["digest"] = "sha256:" + std::string(64, 'A'); }));
  EXPECT_FALSE(broken([](J& j) { j["layers"][0].erase("mediaType"); }));
  EXPECT_FALSE(broken([](J& j) { j["annotations"]["a"] = 1; }));
  EXPECT_FALSE(broken([](J& j) { j["subject"] = "x"; }));
  EXPECT_FALSE(broken([](J& j) { j["mediaType"] = "application/vnd.docker.distribution.manifest.v1+json"; }));
  EXPECT_FALSE(parse_document("[]"));
  EXPECT_FALSE(parse_document("null"));
  EXPECT_FALSE(parse_document(""));
}

// GS-OCI-023: size and count are bounded.
TEST(Manifest, Bounds) {
  EXPECT_EQ(parse_document(std::string(kMaxManifestBytes + 1, ' ')).error().code(), "parse.limit");
  auto many = flux_manifest();
  for (size_t i = 0; i < kMaxLayers; ++i) many["layers"].push_back(descriptor(kFluxContent));
  EXPECT_FALSE(parse_document(many.dump()));
}

// GS-OCI-024: Flux's content layer is preferred, another tar layer taken else, and nothing else.
TEST(SelectLayer, Prefers) {
  auto json = flux_manifest();
  json["layers"] = {descriptor("text/plain"), descriptor(kOciLayerTarGzip), descriptor(kFluxContent)};
  auto manifest = parse_manifest(json.dump());
  ASSERT_TRUE(manifest);
  EXPECT_EQ(select_layer(*manifest)->media_type, kFluxContent);
  EXPECT_EQ(select_layer(*manifest, "text/plain")->media_type, "text/plain");
  EXPECT_EQ(select_layer(*manifest, "no/such").error().code(), "oci.no_content_layer");
  manifest->layers.pop_back();
  EXPECT_EQ(select_layer(*manifest)->media_type, kOciLayerTarGzip);
  manifest->layers.pop_back();
  EXPECT_EQ(select_layer(*manifest).error().code(), "oci.no_content_layer");
  manifest->layers[0].media_type = kOciLayerTarZstd;
  EXPECT_TRUE(select_layer(*manifest));
}

// GS-OCI-025: an index stands for its only manifest, or for its only one for this platform.
TEST(SelectManifest, Resolves) {
  const auto entry = [](const char* architecture) {
    base::Json value = descriptor(kOciManifest);
    if (*architecture != 0) value["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    return value;
  };
  const auto index = [](std::vector<base::Json> entries) {
    return *parse_index(
        base::Json{{"schemaVersion", 2}, {"mediaType", kOciIndex}, {"manifests", entries}}.dump());
  };
  EXPECT_TRUE(select_manifest(index({entry("")}), "amd64"));
  EXPECT_TRUE(select_manifest(index({entry("arm64"), entry("amd64")}), "amd64"));
  EXPECT_FALSE(select_manifest(index({entry("amd64"), entry("amd64")}), "amd64"));
  EXPECT_FALSE(select_manifest(index({entry("arm64"), entry("")}), "amd64"));
  EXPECT_FALSE(select_manifest(index({}), "amd64"));
}

}  // namespace
}  // namespace gridseal::oci
