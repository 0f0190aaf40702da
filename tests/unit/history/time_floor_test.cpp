#include "fixture.hpp"

namespace gridseal::history {
namespace {

using std::chrono::hours;

class TimeFloor : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
  }
  base::Time at(int days) const { return base::Time(hours(24 * (20'000 + days))); }
  base::Time floor() { return history_->time_floor().value().value_or(base::Time{}); }
  size_t rows() { return history_->audit(100)->size(); }
};

// GS-HISTORY-090: the floor of time rises, is kept over a restart, and never falls by itself.
TEST_F(TimeFloor, Rises) {
  EXPECT_FALSE(history_->time_floor()->has_value());
  ASSERT_TRUE(history_->raise_time_floor(at(10), "rekor.example"));
  reopen();
  EXPECT_EQ(floor(), at(10));
  const size_t before = rows();
  ASSERT_TRUE(history_->raise_time_floor(at(9), "rekor.example"));
  ASSERT_TRUE(history_->raise_time_floor(at(10), "rekor.example"));
  EXPECT_EQ(floor(), at(10));
  EXPECT_EQ(rows(), before);
  ASSERT_TRUE(history_->raise_time_floor(at(11), "tsa.example"));
  const AuditRow newest = history_->audit(1)->front();
  EXPECT_EQ(newest.action, "time.floor");
  EXPECT_NE(newest.detail.find("tsa.example"), std::string::npos);
}

// GS-HISTORY-091: only an operator's word lowers it, and the audit has who and why.
TEST_F(TimeFloor, IsResetOnRecord) {
  ASSERT_TRUE(history_->raise_time_floor(at(900), "rekor.example"));
  ASSERT_TRUE(history_->reset_time_floor(at(10), "root", "the log was wrong"));
  reopen();
  EXPECT_EQ(floor(), at(10));
  const AuditRow newest = history_->audit(1)->front();
  EXPECT_EQ(newest.action, "time.reset");
  EXPECT_EQ(newest.actor, "root");
  EXPECT_NE(newest.detail.find("the log was wrong"), std::string::npos);
}

}  // namespace
}  // namespace gridseal::history
