#include "receipts/pusher.hpp"

#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

class PusherTest : public ReceiptsTest {
 protected:
  void SetUp() override {
    ReceiptsTest::SetUp();
    live();
    pusher_ = std::make_unique<Pusher>(clock_, base::null_log(), *history_,
                                       [this](const auto& receipt, const auto&) {
                                         tried_.push_back(receipt.sequence);
                                         return answer_(receipt);
                                       });
  }
  void TearDown() override {
    pusher_.reset();
    ReceiptsTest::TearDown();
  }
  void run_until_idle() {
    for (int i = 0; i < 20 && pusher_->due() <= clock_.monotonic(); ++i) pusher_->run({});
  }

  std::function<base::Result<bool>(const history::Receipt&)> answer_ = [](const auto&) { return true; };
  std::vector<int64_t> tried_;
  std::unique_ptr<Pusher> pusher_;
};

// GS-RECEIPT-070: without credentials nothing is pushed; with them each one once, in order, also new ones.
TEST_F(PusherTest, EachOnce) {
  pusher_->run({});
  EXPECT_EQ(pusher_->due(), base::Clock::Monotonic::max());
  EXPECT_TRUE(tried_.empty());
  pusher_->turn(true);
  run_until_idle();
  EXPECT_EQ(tried_, (std::vector<int64_t>{1, 2, 3, 4}));
  ASSERT_TRUE(issuer(files_)->report());
  clock_.advance(base::milliseconds(60'000));
  run_until_idle();
  EXPECT_EQ(tried_.size(), 5U);
  EXPECT_TRUE(history_->unpushed_receipts(0, 10)->empty());
}

// GS-RECEIPT-071: while the mirror does not answer the pauses grow, the reason is said, and nothing is lost.
TEST_F(PusherTest, TriesAgain) {
  pusher_->turn(true);
  answer_ = [](const auto&) -> base::Result<bool> {
    return base::Error::blocked("http.connect", "nobody there");
  };
  pusher_->run({});
  const auto first = pusher_->due() - clock_.monotonic();
  EXPECT_TRUE(pusher_->warning());
  clock_.advance(std::chrono::duration_cast<base::milliseconds>(first));
  pusher_->run({});
  EXPECT_GT(pusher_->due() - clock_.monotonic(), first);
  EXPECT_EQ(tried_, (std::vector<int64_t>{1, 1}));
  answer_ = [](const auto&) { return true; };
  clock_.advance(base::milliseconds(3'600'000));
  run_until_idle();
  EXPECT_FALSE(pusher_->warning());
  EXPECT_TRUE(history_->unpushed_receipts(0, 10)->empty());
}

// GS-RECEIPT-072: one that has no place does not keep the others, and is tried again later.
TEST_F(PusherTest, NoPlace) {
  pusher_->turn(true);
  answer_ = [](const auto& receipt) { return receipt.sequence != 2; };
  run_until_idle();
  EXPECT_EQ(tried_, (std::vector<int64_t>{1, 2, 3, 4}));
  ASSERT_EQ(history_->unpushed_receipts(0, 10)->size(), 1U);
  EXPECT_EQ(history_->unpushed_receipts(0, 10)->front().sequence, 2);
}

}  // namespace
}  // namespace gridseal::receipts
