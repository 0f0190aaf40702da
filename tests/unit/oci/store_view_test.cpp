// A store seen by another process.
#include "oci/store_view.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"
#include "oci/store.hpp"

namespace gridseal::oci {
namespace {

Descriptor view_blob(const std::string& bytes) {
  return {std::string(kOciManifest), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

class StoreViewTest : public testing::Test {
 protected:
  StoreViewTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gridseal-view-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~StoreViewTest() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Store> open() {
    return std::move(Store::open(base::system_files(), base::null_log(), {folder_, 0}).value());
  }

  std::string folder_;
};

// GS-OCI-220: What a writer puts, names, signs and collects is seen at once, without being told; a store that
// is not there yet is an empty one.
TEST_F(StoreViewTest, FollowsTheWriter) {
  std::filesystem::remove_all(folder_);
  StoreView view(base::system_files(), folder_);
  const std::string artifact = R"({"schemaVersion":2})";
  const std::string signature = "signature";
  EXPECT_FALSE(view.contains(view_blob(artifact)));
  EXPECT_TRUE(view.signatures(crypto::sha256(artifact))->empty());
  EXPECT_EQ(view.read_blob(crypto::sha256(artifact), 100).error().code(), "store.not_found");
  const auto store = open();
  ASSERT_TRUE(store->put_blob(view_blob(artifact), artifact));
  ASSERT_TRUE(store->put_blob(view_blob(signature), signature));
  EXPECT_TRUE(view.contains(view_blob(artifact)));
  EXPECT_EQ(view.read_blob(crypto::sha256(artifact), 100).value(), artifact);
  ASSERT_TRUE(store->add_signatures(crypto::sha256(artifact), {{Place::referrer, view_blob(signature)}}));
  const auto found = view.signatures(crypto::sha256(artifact));
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().descriptor.digest, crypto::sha256(signature));
  EXPECT_EQ(found->front().place, Place::referrer);
  ASSERT_TRUE(store->collect({}));
  EXPECT_FALSE(view.contains(view_blob(artifact)));
  EXPECT_TRUE(view.signatures(crypto::sha256(artifact))->empty());
}

// GS-OCI-221: Damage is said, and nothing is moved: the store has an owner.
TEST_F(StoreViewTest, SaysDamage) {
  const std::string bytes = "content";
  const auto store = open();
  ASSERT_TRUE(store->put_blob(view_blob(bytes), bytes));
  StoreView view(base::system_files(), folder_);
  const std::string path = folder_ + "/blobs/sha256/" + crypto::sha256(bytes).hex();
  std::ofstream(path) << "changed";
  EXPECT_EQ(view.read_blob(crypto::sha256(bytes), 100).error().code(), "store.corrupt");
  EXPECT_EQ(view.read_blob(crypto::sha256(bytes), 3).error().code(), "store.too_large");
  std::ofstream(path) << "another size";
  EXPECT_EQ(view.open_blob(view_blob(bytes)).error().code(), "store.corrupt");
  EXPECT_FALSE(view.contains(view_blob(bytes)));
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace gridseal::oci
