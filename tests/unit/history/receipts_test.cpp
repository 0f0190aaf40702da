#include "support/faults/fuse.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

class ReceiptRows : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
  }
  static History::SealReceipt sealing(char statement) {
    return [statement](const ReceiptPlace&) -> base::Result<SealedReceipt> {
      return SealedReceipt{digest(statement), "{\"n\":1}"};
    };
  }
};

// GS-HISTORY-100: a new one is told its number, what it follows and the audit's head; the row, the chain's
// end and an audit row are written together.
TEST_F(ReceiptRows, Place) {
  std::vector<ReceiptPlace> places;
  for (const char statement : {'a', 'b'})
    ASSERT_TRUE(history_->add_receipt({}, [&](const ReceiptPlace& place) {
      places.push_back(place);
      return sealing(statement)(place);
    }));
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].sequence, 1);
  EXPECT_EQ(places[0].previous, std::nullopt);
  EXPECT_EQ(places[0].audit_sequence, 1);
  EXPECT_EQ(places[1].previous, digest('a'));
  EXPECT_EQ(places[1].audit_sequence, 2);
  EXPECT_EQ(places[1].audit_hash, history_->audit_after(1, 1)->front().hash);
  EXPECT_EQ(history_->audit(1)->front().action, "report.issue");
  EXPECT_EQ(*history_->receipt_head(), "2:" + digest('b').to_string());
  EXPECT_EQ((*history_->last_receipt(ReceiptKind::report))->sequence, 2);
}

// GS-HISTORY-101: an unfinished, an unknown and an already receipted deployment get none; when it cannot be
// signed nothing is written.
TEST_F(ReceiptRows, OnlyEndedOnes) {
  ASSERT_TRUE(history_->begin_deployment(deploy('1')));
  EXPECT_EQ(history_->add_receipt(1, sealing('a')).error().code(), "history.unknown");
  EXPECT_EQ(history_->add_receipt(9, sealing('a')).error().code(), "history.unknown");
  EXPECT_EQ(history_->endings(), 0);
  ASSERT_TRUE(history_->commit_good(1, std::nullopt));
  EXPECT_EQ(history_->endings(), 1);
  const auto rows = history_->audit(100)->size();
  EXPECT_EQ(history_
                ->add_receipt(1,
                              [](const ReceiptPlace&) -> base::Result<SealedReceipt> {
                                return base::Error::blocked("sig.failed", "no");
                              })
                .error()
                .code(),
            "sig.failed");
  EXPECT_EQ(history_->audit(100)->size(), rows);
  ASSERT_TRUE(history_->add_receipt(1, sealing('a')));
  EXPECT_EQ(history_->add_receipt(1, sealing('b')).error().code(), "history.unknown");
  EXPECT_EQ(history_->unstored_receipts(10)->size(), 1U);
  ASSERT_TRUE(history_->set_receipt_stored(1));
  ASSERT_TRUE(history_->set_receipt_pushed(1));
  EXPECT_TRUE(history_->unstored_receipts(10)->empty());
  EXPECT_TRUE(history_->unpushed_receipts(0, 10)->empty());
  EXPECT_EQ(history_->receipts_of(digest('1'), 5)->size(), 1U);
}

// GS-HISTORY-102: cut at any statement, there is the receipt with its audit row and the chain's end, or none
// of them.
TEST_F(ReceiptRows, CutAtEveryStatement) {
  for (uint64_t cut = 0;; ++cut) {
    empty_folder();
    reopen();
    history_.reset();
    test::Fuse fuse(cut);
    auto opened = open([&](std::string_view) { return fuse.burn(); });
    ASSERT_TRUE(opened);
    (void)(*opened)->add_receipt({}, sealing('a'));
    opened->reset();
    reopen();
    const bool there = history_->receipts(0, 10)->size() == 1;
    EXPECT_EQ(there, !history_->receipt_head()->empty()) << cut;
    EXPECT_EQ(history_->audit(10)->size(), there ? 2U : 1U) << cut;
    EXPECT_FALSE(history_->verify_chain()->broken_at);
    if (!fuse.blown()) break;
  }
}

}  // namespace
}  // namespace gridseal::history
