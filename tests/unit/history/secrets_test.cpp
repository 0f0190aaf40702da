#include "history/host_key.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

const std::string kBody = R"({"kind":"Secret","data":{"password":"aHVudGVyMg=="}})";

class Secrets : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
    auto id = history_->begin_deployment(deploy('1'));
    ASSERT_TRUE(id);
    id_ = *id;
    ASSERT_TRUE(history_->put_pre_image(id_, object("login", "Secret"), kBody));
  }

  DeploymentId id_ = 0;
};

// GS-HISTORY-050: kept bodies are not in plain text in the database's files, and come back whole.
TEST_F(Secrets, PreImagesAreEncrypted) {
  EXPECT_EQ(all_bytes().find("aHVudGVyMg"), std::string::npos);
  EXPECT_NE(all_bytes().find("login"), std::string::npos) << "the search looks at the right files";
  reopen();
  EXPECT_EQ(all_bytes().find("aHVudGVyMg"), std::string::npos);
  auto body = history_->pre_image(id_, object("login", "Secret"));
  ASSERT_TRUE(body && *body);
  EXPECT_EQ(**body, kBody);
  EXPECT_EQ(history_->pre_images(id_)->size(), 1U);
  EXPECT_FALSE(*history_->pre_image(id_, object("other", "Secret")));
}

// GS-HISTORY-051: they are erased when the deployment ends, either way.
TEST_F(Secrets, ErasedAtTheEnd) {
  ASSERT_TRUE(history_->finish_failed(id_, {DeploymentOutcome::rolled_back, "x", "y"}));
  EXPECT_TRUE(history_->pre_images(id_)->empty());
  auto second = history_->begin_deployment(deploy('2'));
  ASSERT_TRUE(second);
  ASSERT_TRUE(history_->put_pre_image(*second, object("login", "Secret"), kBody));
  ASSERT_TRUE(history_->commit_good(*second, std::nullopt));
  EXPECT_TRUE(history_->pre_images(*second)->empty());
  EXPECT_FALSE(history_->put_pre_image(*second, object("login", "Secret"), kBody)) << "it has ended";
}

// GS-HISTORY-052: the host's key is 32 bytes, readable by its owner only; another one does not open bodies.
TEST_F(Secrets, HostKey) {
  auto info = files_.stat(folder_ + "/host.key");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->mode, 0600U);
  EXPECT_EQ(info->size, 32U);
  history_.reset();
  ASSERT_TRUE(base::write_file(files_, folder_ + "/host.key", std::string(32, 'k'), 0600));
  reopen();
  EXPECT_EQ(history_->pre_image(id_, object("login", "Secret")).error().code(), "history.host_key");
  history_.reset();
  ASSERT_TRUE(base::write_file(files_, folder_ + "/host.key", "short", 0600));
  EXPECT_EQ(open().error().code(), "history.host_key");
}

// GS-HISTORY-053: every changed byte of a kept body is found.
TEST_F(Secrets, SealedBodiesAreAuthentic) {
  auto key = HostKey::load_or_create(files_, folder_);
  ASSERT_TRUE(key);
  const std::string sealed = key->encrypt("body");
  EXPECT_NE(sealed, key->encrypt("body"));
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key->decrypt(changed)) << i;
    EXPECT_FALSE(key->decrypt(sealed.substr(0, i))) << i;
  }
}

// GS-HISTORY-054: digests of Secret bodies depend on the host's key, so nobody can guess the body from them.
TEST_F(Secrets, KeyedDigest) {
  const auto here = history_->keyed_digest(kBody);
  ASSERT_TRUE(here);
  reopen();
  EXPECT_EQ(*history_->keyed_digest(kBody), *here);
  EXPECT_FALSE(*history_->keyed_digest("other") == *here);
  empty_folder();
  reopen();
  EXPECT_FALSE(*history_->keyed_digest(kBody) == *here);
}

}  // namespace
}  // namespace gridseal::history
