// Where signatures lie in an OCI image layout, and what stands in their place.
#include "oci/layout.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "oci/artifact.hpp"
#include "oci/media_types.hpp"
#include "oci/reference.hpp"

namespace gridseal::oci {
namespace {

namespace fs = std::filesystem;
using base::Json;

class LayoutTest : public testing::Test {
 protected:
  LayoutTest() : directory_(make_directory()), artifact_(blob(image({{kFluxContent, "layer"}}))) {
    write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    list(artifact_, "v1");
  }
  ~LayoutTest() override { fs::remove_all(directory_); }

  static std::string make_directory() {
    char name[] = "/tmp/gridseal-layout-XXXXXX";
    std::string directory = ::mkdtemp(name);
    fs::create_directories(directory + "/blobs/sha256");
    return directory;
  }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << text;
  }
  Descriptor blob(const std::string& bytes, std::string_view media_type = kOciManifest) const {
    const auto digest = crypto::sha256(bytes);
    write("blobs/sha256/" + digest.hex(), bytes);
    return {std::string(media_type), digest, bytes.size(), {}, {}, {}};
  }
  // Something else where the blob should be.
  void damage(const Descriptor& descriptor) const {
    write("blobs/sha256/" + descriptor.digest.hex(), "something else");
  }
  std::string image(const std::vector<std::pair<std::string_view, std::string>>& layers,
                    const Descriptor* subject = nullptr) const {
    Manifest manifest{std::string(kOciManifest), {}, blob("{}", kOciEmpty), {}, {}, {}};
    for (const auto& [type, bytes] : layers) manifest.layers.push_back(blob(bytes, type));
    if (subject != nullptr) manifest.subject = *subject;
    return serialize(manifest);
  }
  Descriptor referrer(const std::string& bundle) const {
    return blob(image({{kSigstoreBundle, bundle}}, &artifact_));
  }
  std::string index(const std::vector<Descriptor>& entries) const {
    Json manifests = Json::array();
    for (const Descriptor& entry : entries) manifests.push_back(to_json(entry));
    return base::dump_json({{"schemaVersion", 2}, {"mediaType", kOciIndex}, {"manifests", manifests}});
  }
  void list(Descriptor entry, const std::string& name) {
    if (!name.empty()) entry.annotations[std::string(kAnnotationRefName)] = name;
    entries_.push_back(std::move(entry));
  }
  std::string tag(std::string_view suffix = {}) const { return digest_tag(artifact_.digest, suffix); }

  Signatures signatures() {
    write("index.json", index(entries_));
    const auto layout = Layout::open(base::system_files(), directory_);
    EXPECT_TRUE(layout);
    auto read = read_artifact(**layout, artifact_.digest);
    EXPECT_TRUE(read) << read.error().describe();
    return read ? std::move(read->signatures) : Signatures();
  }

  std::string directory_;
  Descriptor artifact_;
  std::vector<Descriptor> entries_;
};

// GS-OCI-127: a manifest that names the artifact as its subject is found wherever it lies: named by the
// fallback index, by index.json, by another index, under the fallback tag itself, or by nothing at all.
TEST_F(LayoutTest, ReferrersAreFoundWhereverTheyLie) {
  const Descriptor by_tag = referrer("by tag");
  const Descriptor listed = referrer("listed");
  const Descriptor nested = referrer("nested");
  const Descriptor alone = referrer("alone");
  list(blob(index({by_tag}), kOciIndex), tag());
  list(listed, "");
  list(blob(index({artifact_, nested}), kOciIndex), "all");
  blob(image({{kSigstoreBundle, "of another"}}, &listed));
  const Signatures found = signatures();
  std::set<base::Digest> digests;
  for (const SignatureManifest& manifest : found.manifests) digests.insert(*manifest.digest);
  EXPECT_EQ(digests, (std::set<base::Digest>{by_tag.digest, listed.digest, nested.digest, alone.digest}));
  EXPECT_EQ(found.manifests.size(), 4U);
  entries_.erase(entries_.begin() + 1, entries_.end());
  list(alone, tag());
  EXPECT_EQ(signatures().manifests.size(), 4U);
}

// GS-OCI-128: what `cosign save` calls signatures and attestations is found when it can be of one image only.
TEST_F(LayoutTest, SavedSignatures) {
  entries_.clear();
  const auto saved = [&](Descriptor descriptor, const std::string& kind) {
    descriptor.annotations["kind"] = "dev.cosignproject.cosign/" + kind;
    list(std::move(descriptor), "");
  };
  saved(artifact_, "image");
  saved(blob(image({{kSimpleSigning, "payload"}})), "sigs");
  saved(blob(image({{kDsseEnvelope, "envelope"}})), "atts");
  const Signatures found = signatures();
  ASSERT_EQ(found.manifests.size(), 2U);
  EXPECT_EQ(found.manifests[0].place, Place::legacy_tag);
  const auto layout = Layout::open(base::system_files(), directory_);
  EXPECT_EQ(*(*layout)->resolve({directory_, {}, {}}), artifact_.digest);
  saved(blob(image({{kFluxContent, "another"}})), "image");
  EXPECT_TRUE(signatures().manifests.empty());
}

// GS-OCI-129: other bytes than a descriptor promises are no absence: they are told apart from what is
// missing, for manifests and for layers, by digest and by size.
TEST_F(LayoutTest, OtherBytesThanPromised) {
  const Descriptor signature = blob(image({{kSimpleSigning, "payload"}}));
  const Descriptor payload = blob("payload", kSimpleSigning);
  list(signature, tag(".sig"));
  ASSERT_EQ(signatures().manifests.size(), 1U);
  EXPECT_EQ(*signatures().manifests[0].blobs.at(payload.digest).whole(100), "payload");
  damage(payload);
  EXPECT_EQ(*signatures().manifests[0].blobs.at(payload.digest).whole(100), "");
  fs::remove(directory_ + "/blobs/sha256/" + payload.digest.hex());
  EXPECT_TRUE(signatures().manifests[0].blobs.empty());
  EXPECT_EQ(signatures().notes.size(), 1U);
  blob("payload");
  damage(signature);
  ASSERT_EQ(signatures().manifests.size(), 1U);
  EXPECT_EQ(signatures().manifests[0].bytes.size(), 0U);
  EXPECT_EQ(signatures().manifests[0].digest, signature.digest);
  fs::remove(directory_ + "/blobs/sha256/" + signature.digest.hex());
  EXPECT_TRUE(signatures().manifests.empty());
  Descriptor other_size = referrer("bundle");
  ++other_size.size;
  list(blob(index({other_size}), kOciIndex), tag());
  ASSERT_EQ(signatures().manifests.size(), 1U);
  EXPECT_EQ(signatures().manifests[0].bytes.size(), 0U);
}

// GS-OCI-130: a fallback index that is damaged or none hides no signature that lies elsewhere.
TEST_F(LayoutTest, JunkUnderTheFallbackTag) {
  list(blob(image({{kSimpleSigning, "payload"}})), tag(".sig"));
  const Descriptor fallback = blob("junk", kOciIndex);
  list(fallback, tag());
  const Signatures junk = signatures();
  EXPECT_EQ(junk.manifests.size(), 1U);
  EXPECT_EQ(junk.notes.size(), 1U);
  damage(fallback);
  const Signatures damaged = signatures();
  ASSERT_EQ(damaged.manifests.size(), 2U);
  EXPECT_NE(damaged.manifests[0].bytes.size(), 0U);
  EXPECT_EQ(damaged.manifests[1].bytes.size(), 0U);
}

// GS-OCI-131: whatever lies under a signature tag is handed on to be judged; beside it only what may be a
// signature is.
TEST_F(LayoutTest, WhatLiesUnderASignatureTagIsJudged) {
  list(blob(image({{kFluxContent, "no signature"}})), tag(".sig"));
  EXPECT_EQ(signatures().manifests.size(), 1U);
  entries_.back() = blob("no manifest");
  entries_.back().annotations[std::string(kAnnotationRefName)] = tag(".sig");
  EXPECT_EQ(signatures().manifests.size(), 1U);
  entries_.pop_back();
  list(blob(image({{kFluxContent, "no attestation"}})), tag(".att"));
  blob(image({{kFluxContent, "a picture"}}, &artifact_));
  EXPECT_TRUE(signatures().manifests.empty());
}

// GS-OCI-132: bytes of a layout that are not what their name says are refused, whatever is asked for.
TEST_F(LayoutTest, DamagedArtifact) {
  damage(artifact_);
  write("index.json", index(entries_));
  const auto layout = Layout::open(base::system_files(), directory_);
  const auto artifact = read_artifact(**layout, artifact_.digest);
  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().code(), "blob.digest_mismatch");
  EXPECT_EQ(artifact.error().outcome(), base::Outcome::refused);
}

}  // namespace
}  // namespace gridseal::oci
