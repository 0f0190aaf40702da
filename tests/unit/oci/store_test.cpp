#include "oci/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/sha256.hpp"
#include "oci/layout.hpp"
#include "oci/media_types.hpp"
#include "support/faults/faulty_files.hpp"

namespace gridseal::oci {
namespace {

namespace fs = std::filesystem;

Descriptor descriptor_of(std::string_view bytes, std::string_view type = "application/octet-stream") {
  return {std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

struct TestArtifact {
  std::string config;
  std::string layer;
  std::string manifest;
  Descriptor descriptor;
};

TestArtifact make_artifact(const std::string& name) {
  const std::string config = "{\"name\":\"" + name + "\"}";
  const std::string layer = "layer of " + name;
  const Manifest manifest{std::string(kOciManifest),
                          {},
                          descriptor_of(config, kFluxConfig),
                          {descriptor_of(layer, kFluxContent)},
                          {},
                          {}};
  const std::string bytes = serialize(manifest);
  return {config, layer, bytes, descriptor_of(bytes, kOciManifest)};
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    char name[] = "/tmp/gridseal-store-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~StoreTest() override { fs::remove_all(directory_); }

  base::Result<std::unique_ptr<Store>> open(base::Files& files, uint64_t watermark = 0) {
    return Store::open(files, base::null_log(), {directory_, watermark});
  }
  std::unique_ptr<Store> open() {
    auto store = open(base::system_files());
    EXPECT_TRUE(store) << store.error().describe();
    return std::move(*store);
  }

  static base::Result<void> put(Store& store, const TestArtifact& artifact) {
    if (auto r = store.put_blob(descriptor_of(artifact.config), artifact.config); !r) return r;
    if (auto r = store.put_blob(descriptor_of(artifact.layer), artifact.layer); !r) return r;
    return store.put_blob(artifact.descriptor, artifact.manifest);
  }

  std::string blob(const base::Digest& digest) const { return directory_ + "/blobs/sha256/" + digest.hex(); }

  std::string directory_;
};

// GS-OCI-080: what is put can be read again after a restart, and the directory is a layout others can read.
TEST_F(StoreTest, KeepsContent) {
  const auto artifact = make_artifact("pumps");
  {
    auto store = open();
    ASSERT_TRUE(put(*store, artifact));
    ASSERT_TRUE(store->set_root("pumps", artifact.descriptor));
  }
  auto store = open();
  EXPECT_EQ(*store->read_blob(artifact.descriptor.digest, 4096), artifact.manifest);
  ASSERT_TRUE(store->find_root("pumps"));
  EXPECT_EQ(store->find_root("pumps")->digest, artifact.descriptor.digest);
  auto layout = Layout::open(base::system_files(), directory_);
  ASSERT_TRUE(layout) << layout.error().describe();
  EXPECT_EQ((*layout)->find_tag("pumps")->digest, artifact.descriptor.digest);
  EXPECT_EQ(*(*layout)->read_blob(crypto::sha256(artifact.layer), 4096), artifact.layer);
}

// GS-OCI-081: bytes that are not those of the descriptor never become a blob.
TEST_F(StoreTest, RefusesWrongBytes) {
  auto store = open();
  const Descriptor blob = descriptor_of("right");
  EXPECT_EQ(store->put_blob(blob, "wrong").error().code(), "oci.digest_mismatch");
  EXPECT_EQ(store->put_blob(blob, "righ").error().code(), "oci.size_mismatch");
  EXPECT_EQ(store->put_blob(blob, "right!").error().code(), "oci.size_mismatch");
  EXPECT_FALSE(store->contains(blob));
  EXPECT_TRUE(store->put_blob(blob, "right"));
}

// GS-OCI-082: a partial transfer survives a restart and is gone on with.
TEST_F(StoreTest, ResumesAcrossRestart) {
  const std::string content(200'000, 'z');
  {
    auto store = open();
    auto writer = store->begin_blob(descriptor_of(content));
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(std::string_view(content).substr(0, 150'000)));
    EXPECT_EQ(store->begin_blob(descriptor_of(content)).error().code(), "store.busy");
  }
  auto store = open();
  auto writer = store->begin_blob(descriptor_of(content));
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->size(), 150'000U);
  ASSERT_TRUE((*writer)->write(std::string_view(content).substr(150'000)));
  ASSERT_TRUE((*writer)->finish());
  EXPECT_TRUE(store->contains(descriptor_of(content)));
}

// GS-OCI-083: a blob that changed on disk is found at reading, set aside, and can be put again.
TEST_F(StoreTest, FindsDamage) {
  auto store = open();
  const std::string content = "precious";
  const Descriptor descriptor = descriptor_of(content);
  const auto damage = [&](const std::string& text) {
    ASSERT_TRUE(store->put_blob(descriptor, content));
    std::ofstream(blob(descriptor.digest)) << text;
  };
  damage("preciou5");
  EXPECT_EQ(store->read_blob(descriptor.digest, 100).error().code(), "store.corrupt");
  EXPECT_FALSE(store->contains(descriptor));
  EXPECT_TRUE(fs::exists(directory_ + "/quarantine/" + descriptor.digest.hex()));
  damage("preciou5");
  auto reader = store->open_blob(descriptor);
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->finish().error().code(), "store.corrupt");
  damage("short");
  EXPECT_EQ(store->open_blob(descriptor).error().code(), "store.corrupt");
  EXPECT_EQ(store->read_blob(descriptor.digest, 100).error().code(), "store.not_found");
}

// GS-OCI-084: the streaming reader gives the end only when all bytes were right.
TEST_F(StoreTest, StreamsWhileHashing) {
  auto store = open();
  const std::string content(100'000, 'q');
  ASSERT_TRUE(store->put_blob(descriptor_of(content), content));
  auto reader = store->open_blob(descriptor_of(content));
  ASSERT_TRUE(reader);
  std::string read;
  char buffer[1000];
  for (;;) {
    auto n = (*reader)->read(buffer, sizeof buffer);
    ASSERT_TRUE(n);
    if (*n == 0) break;
    read.append(buffer, *n);
  }
  EXPECT_EQ(read, content);
  EXPECT_TRUE((*reader)->finish());
}

// GS-OCI-085: garbage collection keeps what the given manifests reach, with their signatures, and nothing
// else.
TEST_F(StoreTest, CollectKeepsRoots) {
  auto store = open();
  const auto kept = make_artifact("kept");
  const auto gone = make_artifact("gone");
  const auto signature = make_artifact("signature");
  const auto other = make_artifact("other signature");
  for (const auto* artifact : {&kept, &gone, &signature, &other}) ASSERT_TRUE(put(*store, *artifact));
  ASSERT_TRUE(store->set_root("kept", kept.descriptor));
  ASSERT_TRUE(store->set_root("gone", gone.descriptor));
  ASSERT_TRUE(store->add_signatures(kept.descriptor.digest, {{Place::referrer, signature.descriptor}}));
  ASSERT_TRUE(store->add_signatures(gone.descriptor.digest, {{Place::legacy_tag, other.descriptor}}));
  {
    auto writer = store->begin_blob(descriptor_of("half"));
    ASSERT_TRUE(writer);
    EXPECT_EQ(store->collect({}).error().code(), "store.busy");
  }
  auto result = store->collect({kept.descriptor.digest});
  ASSERT_TRUE(result) << result.error().describe();
  EXPECT_EQ(result->removed, 7U);  // two artifacts of three blobs, one partial
  for (const auto* artifact : {&kept, &signature}) {
    EXPECT_TRUE(store->contains(artifact->descriptor));
    EXPECT_TRUE(store->contains(descriptor_of(artifact->layer)));
    EXPECT_TRUE(store->contains(descriptor_of(artifact->config)));
  }
  EXPECT_FALSE(store->contains(gone.descriptor));
  EXPECT_FALSE(store->contains(descriptor_of(other.layer)));
  EXPECT_FALSE(store->find_root("gone"));
  EXPECT_TRUE(store->find_root("kept"));
  EXPECT_EQ(store->signatures(kept.descriptor.digest)->size(), 1U);
  EXPECT_EQ(store->signatures(kept.descriptor.digest)->front().place, Place::referrer);
  EXPECT_TRUE(store->signatures(gone.descriptor.digest)->empty());
}

// GS-OCI-086: content that would not fit above the watermark is not begun.
TEST_F(StoreTest, Watermark) {
  auto store = open(base::system_files(), UINT64_MAX / 2);
  ASSERT_TRUE(store);
  auto writer = (*store)->begin_blob(descriptor_of("x"));
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code(), "store.no_space");
  EXPECT_EQ(writer.error().outcome(), base::Outcome::blocked);
  EXPECT_EQ((*store)->begin_blob(descriptor_of("x")).error().code(), "store.no_space")
      << "the name was given back";
}

// GS-OCI-087: a damaged index is begun anew, its blobs stay; another layout version is refused.
TEST_F(StoreTest, DamagedIndex) {
  const auto artifact = make_artifact("pumps");
  ASSERT_TRUE(put(*open(), artifact));
  std::ofstream(directory_ + "/index.json") << "{\"schemaVersion\":";
  auto store = open();
  EXPECT_TRUE(store->roots().empty());
  EXPECT_TRUE(store->contains(artifact.descriptor));
  std::ofstream(directory_ + "/oci-layout") << R"({"imageLayoutVersion":"2.0.0"})";
  EXPECT_EQ(open(base::system_files()).error().code(), "store.layout");
}

// GS-OCI-088: signatures of one artifact are bounded, the oldest go first; known ones cost no write.
TEST_F(StoreTest, SignaturesBounded) {
  auto store = open();
  const auto subject = crypto::sha256("subject");
  std::vector<SignatureEntry> entries;
  for (int i = 0; i < 300; ++i)
    entries.push_back({Place::referrer_tag, descriptor_of("s" + std::to_string(i), kOciManifest)});
  ASSERT_TRUE(store->add_signatures(subject, entries));
  auto found = store->signatures(subject);
  ASSERT_EQ(found->size(), 256U);
  EXPECT_EQ(found->back().descriptor.digest, entries.back().descriptor.digest);
  const auto before = fs::last_write_time(directory_ + "/index.json");
  ASSERT_TRUE(store->add_signatures(subject, {entries.back()}));
  EXPECT_EQ(fs::last_write_time(directory_ + "/index.json"), before);
}

// GS-OCI-089: a power cut at any single write leaves every blob whole or absent and a readable index.
TEST_F(StoreTest, EveryPowerCut) {
  const auto first = make_artifact("first");
  const auto second = make_artifact("second");
  const auto work = [&](base::Files& files) -> base::Result<void> {
    auto store = open(files);
    if (!store) return std::move(store).error();
    if (auto r = put(**store, second); !r) return r;
    if (auto r = (*store)->set_root("second", second.descriptor); !r) return r;
    if (auto r = (*store)->add_signatures(first.descriptor.digest, {{Place::referrer, second.descriptor}});
        !r)
      return r;
    if (auto r = (*store)->remove_root("second"); !r) return r;
    auto collected = (*store)->collect({first.descriptor.digest});
    return collected ? base::Result<void>() : std::move(collected).error();
  };
  bool finished = false;
  uint64_t cut = 0;
  for (; !finished; ++cut) {
    ASSERT_LT(cut, 500U);
    fs::remove_all(directory_);
    {
      auto store = open();
      ASSERT_TRUE(put(*store, first));
      ASSERT_TRUE(store->set_root("first", first.descriptor));
    }
    test::Fuse fuse(cut);
    test::FaultyFiles faulty(base::system_files(), fuse, "files.io", true);
    finished = work(faulty).has_value();
    auto store = open();
    ASSERT_TRUE(store->find_root("first")) << "cut at " << cut;
    EXPECT_EQ(*store->read_blob(first.descriptor.digest, 4096), first.manifest);
    EXPECT_EQ(*store->read_blob(crypto::sha256(first.layer), 4096), first.layer);
    for (const auto& entry : fs::directory_iterator(directory_ + "/blobs/sha256"))
      EXPECT_TRUE(store->read_blob(*base::Digest::from_hex(entry.path().filename().string()), 4096));
    for (const Root& root : store->roots()) EXPECT_TRUE(store->contains(root.descriptor)) << "cut at " << cut;
    for (const auto& entry : fs::directory_iterator(directory_))
      EXPECT_EQ(entry.path().filename().string().find(".tmp."), std::string::npos);
  }
  EXPECT_GT(cut, 15U);
}

// GS-OCI-090: a full disk at any single write is an error, and the next try succeeds.
TEST_F(StoreTest, EveryFullDisk) {
  const auto artifact = make_artifact("pumps");
  for (uint64_t room = 0; room < 100; ++room) {
    fs::remove_all(directory_);
    test::Fuse fuse(room);
    test::FaultyFiles full(base::system_files(), fuse, "files.no_space");
    auto store = open(full);
    bool done = false;
    if (store) done = put(**store, artifact) && (*store)->set_root("pumps", artifact.descriptor);
    auto again = open();
    ASSERT_TRUE(put(*again, artifact)) << room;
    ASSERT_TRUE(again->set_root("pumps", artifact.descriptor)) << room;
    EXPECT_EQ(*again->read_blob(artifact.descriptor.digest, 4096), artifact.manifest);
    if (done) return;
  }
  FAIL() << "the work was never finished";
}

}  // namespace
}  // namespace gridseal::oci
