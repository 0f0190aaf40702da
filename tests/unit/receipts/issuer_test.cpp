#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

// GS-RECEIPT-020: each deployment that reached the cluster gets one receipt, in the order of the ends, and
// never a second one; one that did not reach it gets none.
TEST_F(ReceiptsTest, OneForEachEnd) {
  reopen();
  open_store(files_);
  const base::Digest artifact = add_artifact("1.0.0");
  end_badly(artifact, history::DeploymentOutcome::cancelled);
  end_badly(artifact, history::DeploymentOutcome::removed);
  end_badly(artifact, history::DeploymentOutcome::blocked);
  end_well(artifact);
  const auto open = begin(artifact);
  auto made = issuer(files_);
  made->run();
  made->run();
  ASSERT_EQ(all().size(), 2U);
  EXPECT_EQ(all()[0].deployment, 2);
  EXPECT_EQ(all()[1].deployment, 4);
  EXPECT_EQ(made->warning(), std::nullopt);
  EXPECT_TRUE(history_->finish_failed(open, {history::DeploymentOutcome::left, "r", "s", {}, false}));
  made->run();
  EXPECT_EQ(all().size(), 3U);
  EXPECT_TRUE(make_chain(statements()).whole());
  EXPECT_FALSE(history_->add_receipt(4, [](const auto&) -> base::Result<history::SealedReceipt> {
    return base::Error::blocked("test", "must not be asked");
  }));
}

// GS-RECEIPT-021: cut at any effect while receipts are made, the next start makes good what is missing: no
// gap, no double, each beside its artifact, and the audit's chain whole.
TEST_F(ReceiptsTest, CutAtEveryEffect) {
  for (uint64_t cut = 0;; ++cut) {
    store_.reset();
    empty_folder();
    reopen();
    open_store(files_);
    end_well(add_artifact("1.0.0"));
    end_badly(add_artifact("1.1.0"), history::DeploymentOutcome::rolled_back);
    store_.reset();
    history_.reset();

    test::Fuse fuse(cut);
    test::FaultyFiles faulty(files_, fuse, "files.io", true);
    auto opened = open([&](std::string_view) { return fuse.burn(); });
    ASSERT_TRUE(opened);
    history_ = std::move(*opened);
    open_store(faulty);
    if (store_) issuer(faulty)->run();
    store_.reset();

    reopen();
    open_store(files_);
    issuer(files_)->run();
    const auto receipts = all();
    ASSERT_EQ(receipts.size(), 2U) << cut;
    EXPECT_TRUE(make_chain(statements()).whole()) << cut;
    for (const auto& receipt : receipts) {
      EXPECT_TRUE(receipt.stored) << cut;
      const auto root = store_->find_root(store_name(receipt.sequence));
      ASSERT_TRUE(root) << cut;
      const auto manifest = oci::parse_manifest(*store_->read_blob(root->digest, 1 << 20));
      ASSERT_TRUE(manifest) << cut;
      EXPECT_EQ(manifest->subject->digest, *receipt.artifact);
      EXPECT_EQ(*store_->read_blob(manifest->layers[0].digest, 1 << 20), receipt.envelope);
    }
    EXPECT_FALSE(history_->verify_chain()->broken_at) << cut;
    if (HasFailure() || !fuse.blown()) break;
  }
}

// GS-RECEIPT-022: without a usable key deployments go on; the reason is said, and what is owed is made when
// it is back.
TEST_F(ReceiptsTest, TroubleIsMadeGood) {
  reopen();
  open_store(files_);
  ASSERT_TRUE(base::write_file(files_, places().file(), "junk", 0600));
  auto made = issuer(files_);
  end_well(add_artifact("1.0.0"));
  made->run();
  EXPECT_TRUE(made->warning());
  EXPECT_TRUE(all().empty());
  ASSERT_TRUE(files_.remove(places().file()));
  clock_.advance(base::milliseconds(120'000));
  EXPECT_LE(made->due(), clock_.monotonic());
  made->run();
  EXPECT_FALSE(made->warning());
  EXPECT_EQ(all().size(), 1U);
}

// GS-RECEIPT-023: a report is made at least as often as the settings say, also over a restart; a run without
// need writes nothing.
TEST_F(ReceiptsTest, Reports) {
  reopen();
  open_store(files_);
  const base::milliseconds day{24 * 3'600'000};
  auto made = issuer(files_);
  made->set_report_interval(day);
  made->run();
  ASSERT_EQ(all().size(), 1U);
  clock_.advance(day / 2);
  made->run();
  EXPECT_EQ(all().size(), 1U);
  made = issuer(files_);
  made->set_report_interval(day);
  made->run();
  EXPECT_EQ(all().size(), 1U);
  EXPECT_EQ(made->due(), clock_.monotonic() + day / 2);
  clock_.advance(day / 2);
  const auto rows = history_->audit(1)->front().sequence;
  made->run();
  EXPECT_EQ(all().size(), 2U);
  EXPECT_EQ(history_->audit(1)->front().sequence, rows + 1);
}

// GS-RECEIPT-024: beside one artifact the newest eight lie in the store; what is kept with an artifact are
// these.
TEST_F(ReceiptsTest, StoreIsBounded) {
  reopen();
  open_store(files_);
  const base::Digest artifact = add_artifact("1.0.0");
  for (int i = 0; i < 12; ++i) end_well(artifact);
  auto made = issuer(files_);
  made->run();
  EXPECT_EQ(all().size(), 12U);
  EXPECT_EQ(store_->roots().size(), 8U);
  EXPECT_FALSE(store_->find_root(store_name(4)));
  auto keep = Issuer::kept_with(*store_, *history_, {artifact});
  EXPECT_EQ(keep.size(), 8U);
  keep.push_back(artifact);
  ASSERT_TRUE(store_->collect(keep));
  EXPECT_EQ(store_->roots().size(), 8U);
}

// GS-RECEIPT-025: rows that were removed at the end stay visible: the chain goes on behind what was issued.
TEST_F(ReceiptsTest, RemovedRowsStayVisible) {
  live();
  store_.reset();
  history_.reset();
  auto database = history::Database::open(database_path());
  ASSERT_TRUE(database && (*database)->execute("DELETE FROM receipts WHERE sequence>2"));
  database->reset();
  reopen();
  open_store(files_);
  issuer(files_)->run();
  const Chain chain = make_chain(statements());
  ASSERT_FALSE(chain.flaws.empty());
  EXPECT_EQ(chain.flaws.front().code, "receipt.gap");
  EXPECT_EQ(chain.statements.back().sequence, 5);
}

}  // namespace
}  // namespace gridseal::receipts
