#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

// GS-RECEIPT-001: the key is made once, ECDSA P-256, readable by its owner alone; its public half lies beside
// it.
TEST_F(ReceiptsTest, KeyIsMadeOnce) {
  EXPECT_EQ(read_public_key(files_, places()).error().code(), "receipt.no_key");
  const auto made = load_or_create_key(files_, places());
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(made->public_key().kind(), crypto::KeyKind::ecdsa_p256);
  EXPECT_EQ(files_.stat(places().file())->mode, 0600U);
  const auto again = load_or_create_key(files_, places());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), made->public_key());
  EXPECT_EQ(key(), made->public_key());
}

// GS-RECEIPT-002: a cut while the key is made leaves no key or a whole one.
TEST_F(ReceiptsTest, KeyAndCuts) {
  for (uint64_t cut = 0;; ++cut) {
    empty_folder();
    test::Fuse fuse(cut);
    test::FaultyFiles faulty(files_, fuse);
    (void)load_or_create_key(faulty, places());
    EXPECT_TRUE(load_or_create_key(files_, places())) << cut;
    if (!fuse.blown()) break;
  }
}

// GS-RECEIPT-003: the key that systemd hands over wins; when it was sealed and does not come, no other is
// made.
TEST_F(ReceiptsTest, SealedKey) {
  const auto sealed = crypto::PrivateKey::generate();
  KeyPlaces with = places();
  with.credentials_directory = folder_ + "/credentials";
  ASSERT_TRUE(files_.make_directories(with.credentials_directory, 0700));
  ASSERT_TRUE(base::write_file(files_, with.credential(), sealed->to_pem()->view(), 0600));
  ASSERT_TRUE(base::write_file(files_, sealed_mark(with), "", 0600));
  const auto used = load_or_create_key(files_, with);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->public_key(), sealed->public_key());
  EXPECT_FALSE(files_.stat(with.file()));
  EXPECT_EQ(load_or_create_key(files_, places()).error().code(), "receipt.key");
  EXPECT_FALSE(files_.stat(with.file()));
}

// GS-RECEIPT-004: what is no key of this kind is an error that names the file, and stays as it is.
TEST_F(ReceiptsTest, UnusableKey) {
  ASSERT_TRUE(base::write_file(files_, places().file(), "junk", 0600));
  const auto none = load_or_create_key(files_, places());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), "receipt.key");
  EXPECT_NE(none.error().describe().find("signing.key"), std::string::npos);
  EXPECT_EQ(*base::read_file(files_, places().file()), "junk");
}

}  // namespace
}  // namespace gridseal::receipts
