#include "oci/artifact.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "oci/layout.hpp"
#include "registry_fixture.hpp"

namespace gridseal::oci {
namespace {

namespace fs = std::filesystem;

std::string image(const std::string& config, const std::vector<Descriptor>& layers,
                  std::optional<Descriptor> subject = {}) {
  return serialize(
      Manifest{std::string(kOciManifest), {}, descriptor_of(config, kOciConfig), layers, subject, {}});
}

// A small registry held in memory.
class ArtifactTest : public RegistryTest {
 protected:
  ArtifactTest() {
    char name[] = "/tmp/gridseal-artifact-XXXXXX";
    directory_ = ::mkdtemp(name);
    store_ = std::move(*Store::open(base::system_files(), base::null_log(), {directory_, 0}));
    blobs_["{}"] = true;
    blobs_["layer"] = true;
    manifest_ = image("{}", {descriptor_of("layer", kFluxContent)});
    digest_ = crypto::sha256(manifest_);
    manifests_[digest_.to_string()] = manifest_;
    client([this](const SeenRequest& r) { return serve(r); });
  }
  ~ArtifactTest() override { fs::remove_all(directory_); }

  ScriptedAnswer serve(const SeenRequest& request) {
    const std::string& target = request.request.target;
    const std::string name = target.substr(target.rfind('/') + 1);
    if (target.find("/manifests/") != std::string::npos) {
      const auto it = manifests_.find(name);
      if (it == manifests_.end()) return answer(404);
      const bool index = it->second.find("\"manifests\"") != std::string::npos;
      return answer(200, it->second).with("Content-Type", std::string(index ? kOciIndex : kOciManifest));
    }
    for (const auto& [bytes, there] : blobs_)
      if (there && target.find("/blobs/" + crypto::sha256(bytes).to_string()) != std::string::npos)
        return answer(200, bytes);
    return answer(404);
  }

  // A bundle-like referrer in the fallback index; returns its digest.
  base::Digest add_referrer(const std::string& payload, std::string_view type = kSigstoreBundle) {
    blobs_[payload] = true;
    const std::string bytes =
        image("{}", {descriptor_of(payload, type)}, descriptor_of(manifest_, kOciManifest));
    manifests_[crypto::sha256(bytes).to_string()] = bytes;
    index_.manifests.push_back(descriptor_of(bytes, kOciManifest));
    manifests_[digest_tag(digest_)] = serialize(index_);
    return crypto::sha256(bytes);
  }

  void add_legacy(const std::string& payload) {
    blobs_[payload] = true;
    manifests_[digest_tag(digest_, ".sig")] = image("{}", {descriptor_of(payload, kSimpleSigning)});
  }

  base::Result<FetchedArtifact> fetch() {
    return fetch_artifact(*registry_, *store_, kPumps, digest_, stop_);
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
  std::map<std::string, std::string> manifests_;  // by tag and by digest
  std::map<std::string, bool> blobs_;
  std::string manifest_;
  base::Digest digest_ = crypto::sha256("");
  Index index_{std::string(kOciIndex), {}, {}, {}, {}};
};

// GS-OCI-100: an artifact comes into the store with its layers and all its signatures, and is read again from
// there alone.
TEST_F(ArtifactTest, FetchesAndReadsAgain) {
  const auto referrer = add_referrer("bundle");
  add_legacy("payload");
  auto artifact = fetch();
  ASSERT_TRUE(artifact) << artifact.error().describe();
  EXPECT_EQ(artifact->digest, digest_);
  EXPECT_TRUE(store_->contains(descriptor_of("layer")));
  net_->clear();
  auto again = read_artifact(*store_, digest_);
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_TRUE(seen().empty());
  for (const auto* signatures : {&artifact->signatures, &again->signatures}) {
    ASSERT_EQ(signatures->manifests.size(), 2U);
    EXPECT_EQ(signatures->manifests[0].place, Place::legacy_tag);
    EXPECT_FALSE(signatures->manifests[0].digest);
    EXPECT_EQ(*signatures->manifests[0].blobs.at(crypto::sha256("payload")).whole(100), "payload");
    EXPECT_EQ(signatures->manifests[1].place, Place::referrer_tag);
    EXPECT_EQ(signatures->manifests[1].digest, referrer);
    EXPECT_EQ(*signatures->manifests[1].blobs.at(crypto::sha256("bundle")).whole(100), "bundle");
    EXPECT_TRUE(signatures->notes.empty());
  }
  EXPECT_EQ(again->manifest_bytes, manifest_);
}

// GS-OCI-101: what is in the store already is not fetched again; a damaged blob is.
TEST_F(ArtifactTest, FetchesOnce) {
  ASSERT_TRUE(fetch());
  net_->clear();
  ASSERT_TRUE(fetch());
  for (const auto& line : lines()) EXPECT_EQ(line.find("/blobs/"), std::string::npos) << line;
  std::ofstream(directory_ + "/blobs/sha256/" + digest_.hex()) << "damaged";
  ASSERT_TRUE(fetch());
  EXPECT_EQ(*store_->read_blob(digest_, 4096), manifest_);
}

// GS-OCI-102: what cannot be had beside a good signature becomes a note and does not hide it; junk under a
// signature's tag is handed on, to be refused as one.
TEST_F(ArtifactTest, JunkHidesNothing) {
  add_referrer("good");
  const auto missing = add_referrer("missing");
  blobs_["missing"] = false;
  index_.manifests.push_back(descriptor_of("nowhere", kOciManifest));
  manifests_[digest_tag(digest_)] = serialize(index_);
  manifests_[digest_tag(digest_, ".sig")] = "junk";
  add_referrer("sbom", "application/spdx+json");
  auto artifact = fetch();
  ASSERT_TRUE(artifact) << artifact.error().describe();
  bool good = false;
  for (const auto& signature : artifact->signatures.manifests)
    good = good || signature.blobs.contains(crypto::sha256("good"));
  EXPECT_TRUE(good);
  EXPECT_EQ(artifact->signatures.manifests.size(), 3U)
      << "the good one, the one without its blob and the one under the tag";
  EXPECT_EQ(artifact->signatures.notes.size(), 2U);
  EXPECT_FALSE(store_->contains(descriptor_of("sbom"))) << "what is no signature is not fetched";
  (void)missing;
}

// GS-OCI-103: junk referrers are bounded, the newest tried first, and what was not tried is counted.
TEST_F(ArtifactTest, BoundsReferrers) {
  for (int i = 0; i < 250; ++i) add_referrer("bundle " + std::to_string(i));
  auto signatures = fetch_signatures(*registry_, *store_, kPumps, digest_, stop_);
  ASSERT_TRUE(signatures) << signatures.error().describe();
  EXPECT_EQ(signatures->manifests.size(), kMaxSignatureManifests);
  EXPECT_EQ(signatures->not_tried, 50U);
  EXPECT_TRUE(signatures->manifests.front().blobs.contains(crypto::sha256("bundle 249")));
}

// GS-OCI-104: while the mirror is away, signatures are not said to be missing.
TEST_F(ArtifactTest, AwayIsNoAbsence) {
  ASSERT_TRUE(fetch());
  client([](const SeenRequest&) { return answer(503); });
  auto signatures = fetch_signatures(*registry_, *store_, kPumps, digest_, stop_);
  ASSERT_FALSE(signatures);
  EXPECT_EQ(signatures.error().code(), "oci.unavailable");
}

// GS-OCI-105: an index resolves to its manifest, and it is the manifest's digest that counts.
TEST_F(ArtifactTest, ResolvesIndex) {
  const std::string index =
      serialize(Index{std::string(kOciIndex), {}, {descriptor_of(manifest_, kOciManifest)}, {}, {}});
  manifests_[crypto::sha256(index).to_string()] = index;
  auto artifact = fetch_artifact(*registry_, *store_, kPumps, crypto::sha256(index), stop_);
  ASSERT_TRUE(artifact) << artifact.error().describe();
  EXPECT_EQ(artifact->digest, digest_);
  EXPECT_EQ(artifact->index, crypto::sha256(index));
  auto again = read_artifact(*store_, crypto::sha256(index));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->digest, digest_);
}

// GS-OCI-106: a layer the registry does not have, or sends wrong, makes the fetch fail and leaves no
// manifest.
TEST_F(ArtifactTest, IncompleteIsNotStored) {
  blobs_["layer"] = false;
  EXPECT_EQ(fetch().error().code(), "oci.not_found");
  EXPECT_FALSE(store_->contains(digest_));
}

// GS-OCI-133: a registry that gives other bytes than it listed, or of another size, shows something wrong,
// not something missing.
TEST_F(ArtifactTest, OtherBytesThanListed) {
  add_referrer("bundle");
  index_.manifests.back().size += 1;
  manifests_[digest_tag(digest_)] = serialize(index_);
  auto artifact = fetch();
  ASSERT_TRUE(artifact) << artifact.error().describe();
  ASSERT_EQ(artifact->signatures.manifests.size(), 1U);
  EXPECT_EQ(artifact->signatures.manifests[0].bytes.size(), 0U);
  EXPECT_TRUE(artifact->signatures.manifests[0].digest);
}

// GS-OCI-107: a layout directory gives the same artifact: `.sig` names, fallback index and subjects are
// found.
TEST_F(ArtifactTest, LayoutGivesTheSame) {
  add_referrer("bundle");
  add_legacy("payload");
  ASSERT_TRUE(fetch());
  auto layout = Layout::open(base::system_files(), directory_);
  ASSERT_TRUE(layout);
  auto artifact = read_artifact(**layout, digest_);
  ASSERT_TRUE(artifact) << artifact.error().describe();
  ASSERT_EQ(artifact->signatures.manifests.size(), 2U);
  EXPECT_EQ(artifact->signatures.manifests[0].place, Place::legacy_tag);
  EXPECT_EQ(artifact->signatures.manifests[1].place, Place::referrer_tag);
  EXPECT_EQ((*layout)->read_blob(crypto::sha256("x"), 10).error().code(), "store.not_found");
}

// GS-OCI-108: layout references are read strictly.
TEST(LayoutReferences, Parse) {
  const std::string digest = "sha256:" + std::string(64, 'b');
  auto reference = LayoutReference::parse("oci-layout:/media/usb:v1@" + digest);
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->directory, "/media/usb");
  EXPECT_EQ(reference->tag, "v1");
  EXPECT_EQ(reference->digest->to_string(), digest);
  EXPECT_EQ(LayoutReference::parse("oci-layout:dir")->directory, "dir");
  for (const char* text :
       {"oci-layout:", "dir", "oci-layout::v1", "oci-layout:dir@sha256:1", "oci-layout:dir:a b"})
    EXPECT_FALSE(LayoutReference::parse(text)) << text;
}

}  // namespace
}  // namespace gridseal::oci
