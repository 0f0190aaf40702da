// The cases of the specification by name, each put to the built program as a user would: a bundle beside a
// file, or an artifact in an OCI layout, with its own trust inputs.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "sigstore/cosign_sign.hpp"
#include "support/keyless/documents.hpp"
#include "support/keyless/world.hpp"
#include "support/program.hpp"

namespace gridseal::cli::cases {

namespace pki = gridseal::test::pki;
namespace keyless = gridseal::sigstore::test;
using base::Json;

inline constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kAt = " --at 2026-03-02T00:00:00Z";

// An OCI layout on disk with one artifact, tagged v1.
class LayoutMaker {
 public:
  explicit LayoutMaker(std::string directory) : directory_(std::move(directory)) {
    manifest_ =
        base::dump_json({{"schemaVersion", 2},
                         {"mediaType", kManifestType},
                         {"config", descriptor(put("{}"), 2, "application/vnd.cncf.flux.config.v1+json")},
                         {"layers", Json::array()}});
    tag("v1", manifest_);
  }

  const std::string& directory() const { return directory_; }
  const std::string& manifest() const { return manifest_; }
  base::Digest digest() const { return crypto::sha256(manifest_); }
  std::string target() const { return "oci-layout:" + directory_ + "@" + digest().to_string(); }

  base::Digest put(const std::string& bytes) {
    const auto name = crypto::sha256(bytes);
    blobs_[name] = bytes;
    return name;
  }
  // Something else under a name.
  void swap(const base::Digest& name, const std::string& bytes) { blobs_[name] = bytes; }
  void tag(const std::string& name, const std::string& bytes, const char* type = kManifestType) {
    tags_[name] = descriptor(put(bytes), bytes.size(), type);
    tags_[name]["annotations"] = {{"org.opencontainers.image.ref.name", name}};
  }
  static Json descriptor(const base::Digest& name, size_t size, std::string_view type) {
    return {{"mediaType", type}, {"digest", name.to_string()}, {"size", size}};
  }

  // cosign's tag with these layers: blob, annotations and media type.
  struct Layer {
    std::string blob;
    std::map<std::string, std::string> annotations;
    std::string type{sigstore::kSimpleSigningMediaType};
  };
  void sign_tag(const std::vector<Layer>& layers) {
    Json list = Json::array();
    for (const Layer& layer : layers) {
      list.push_back(descriptor(put(layer.blob), layer.blob.size(), layer.type));
      list.back()["annotations"] = layer.annotations;
    }
    tag("sha256-" + digest().hex() + ".sig",
        base::dump_json({{"schemaVersion", 2},
                         {"mediaType", kManifestType},
                         {"config", descriptor(put("config"), 6, "application/vnd.oci.image.config.v1+json")},
                         {"layers", list}}));
  }
  // A referrer manifest around one signature; `change` before it is stored.
  Json referrer(const std::string& signature, std::string_view layer_type, std::string_view artifact_type) {
    return {{"schemaVersion", 2},
            {"mediaType", kManifestType},
            {"artifactType", artifact_type},
            {"config", descriptor(put("{}"), 2, "application/vnd.oci.empty.v1+json")},
            {"layers", Json::array({descriptor(put(signature), signature.size(), layer_type)})},
            {"subject", descriptor(digest(), manifest_.size(), kManifestType)}};
  }
  Json bundle_referrer(const std::string& bundle) {
    return referrer(bundle, sigstore::kBundleMediaType, sigstore::kBundleMediaType);
  }
  // The fallback index, as cosign 3 writes it: artifactType says nothing.
  void refer(const std::vector<Json>& manifests) {
    Json list = Json::array();
    for (const Json& manifest : manifests) {
      const std::string bytes = base::dump_json(manifest);
      list.push_back(descriptor(put(bytes), bytes.size(), kManifestType));
      list.back()["artifactType"] = "application/vnd.oci.empty.v1+json";
    }
    tag("sha256-" + digest().hex(),
        base::dump_json({{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", list}}), kIndexType);
  }

  std::map<std::string, std::string> files() const {
    Json entries = Json::array();
    for (const auto& [name, entry] : tags_) entries.push_back(entry);
    std::map<std::string, std::string> all{
        {"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"},
        {"index.json", base::dump_json({{"schemaVersion", 2}, {"manifests", entries}})}};
    for (const auto& [name, bytes] : blobs_) all["blobs/sha256/" + name.hex()] = bytes;
    return all;
  }

 private:
  std::string directory_;
  std::string manifest_;
  std::map<base::Digest, std::string> blobs_;
  std::map<std::string, Json> tags_;
};

class CaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        ::testing::TempDir() + "gs_case_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(files_.remove_tree(folder_));
    ASSERT_TRUE(files_.make_directories(folder_, 0755));
  }
  void TearDown() override { ASSERT_TRUE(files_.remove_tree(folder_)); }

  std::string put(const std::string& name, std::string_view text) {
    std::string path = name.starts_with('/') ? name : folder_ + "/" + name;
    EXPECT_TRUE(files_.make_directories(base::parent_directory(path), 0755));
    auto file = files_.open_output(path, base::WriteMode::truncate, 0644);
    EXPECT_TRUE(file && (*file)->write(text)) << path;
    return path;
  }
  LayoutMaker new_layout() { return LayoutMaker(folder_ + "/layout" + std::to_string(++layouts_)); }
  std::string write(const LayoutMaker& layout) {
    for (const auto& [name, bytes] : layout.files()) put(layout.directory() + "/" + name, bytes);
    return layout.target();
  }

  // "verified", or the code of the refusal. The exit code must say the same.
  std::string judge(const std::string& arguments) const {
    const test::Ran ran = test::run_program("NO_COLOR=1 '" GRIDSEAL_PROGRAM "' verify --config-dir '" +
                                            folder_ + "/etc' " + arguments + " -o json");
    const auto json = base::parse_json(ran.output);
    if (!json || !json->contains("verified")) return "exit " + std::to_string(ran.code) + ": " + ran.output;
    const bool verified = (*json)["verified"].get<bool>();
    EXPECT_EQ(ran.code, verified ? 0 : 1) << ran.output;
    return verified ? "verified" : (*json)["code"].get<std::string>();
  }

  // An identity's command line with this trusted root.
  std::string identity(const Json& root, const std::string& subject = keyless::kWorkflow) {
    return " --certificate-identity '" + subject + "' --certificate-oidc-issuer " + keyless::kIssuer +
           " --trusted-root " + put("trusted_root.json", base::dump_json(root)) + kAt;
  }
  std::string identity() { return identity(keyless::trusted_root_json(world_.trusted)); }
  std::string by_key(const crypto::PublicKey& key) { return " --key " + put("key.pub", key.to_pem()); }

  base::Files& files_ = base::system_files();
  std::string folder_;
  keyless::World world_;
  int layouts_ = 0;
};

}  // namespace gridseal::cli::cases
