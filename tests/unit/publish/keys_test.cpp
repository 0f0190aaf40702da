#include "publish/keys.hpp"

#include "unit/publish/folder.hpp"

namespace gridseal::publish {
namespace {

using KeysTest = FolderTest;

// GS-PUBLISH-009: The private half is readable by its owner alone; both halves belong together.
TEST_F(KeysTest, PairOfFiles) {
  auto made = generate_key(files_, root_ + "/release", "");
  ASSERT_TRUE(made) << made.error().describe();
  auto info = files_.stat(made->private_path);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->mode, 0600U);
  auto key = read_key(files_, made->private_path, "");
  ASSERT_TRUE(key) << key.error().describe();
  auto pem = base::read_file(files_, made->public_path);
  ASSERT_TRUE(pem);
  EXPECT_EQ(*pem, key->public_key().to_pem());
  EXPECT_EQ(made->key_id, key->public_key().key_id());
}

// GS-PUBLISH-010: A key that exists is never overwritten.
TEST_F(KeysTest, NothingIsOverwritten) {
  auto made = generate_key(files_, root_ + "/release", "");
  ASSERT_TRUE(made);
  const auto before = base::read_file(files_, made->private_path);
  auto again = generate_key(files_, root_ + "/release", "");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), "files.exists");
  ASSERT_TRUE(files_.remove(made->public_path));
  EXPECT_EQ(generate_key(files_, root_ + "/release", "").error().code(), "files.exists");
  const auto after = base::read_file(files_, made->private_path);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*after, *before);
}

// GS-PUBLISH-011: An encrypted key opens with its password only, and no error tells the password.
TEST_F(KeysTest, EncryptedKey) {
  auto made = generate_key(files_, root_ + "/release", "correct horse");
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_TRUE(read_key(files_, made->private_path, "correct horse"));
  auto wrong = read_key(files_, made->private_path, "battery staple");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), "key.password");
  EXPECT_EQ(wrong.error().describe().find("battery"), std::string::npos);
}

}  // namespace
}  // namespace gridseal::publish
