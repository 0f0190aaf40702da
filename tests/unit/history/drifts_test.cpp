// Drift in the history: one open row for each object, audited, quiet when nothing is new.
#include "fixture.hpp"
#include "history/database.hpp"

namespace gridseal::history {
namespace {

class DriftsTest : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
    auto id = history_->begin_deployment(deploy('1'));
    ASSERT_TRUE(id);
    ASSERT_TRUE(history_->write_union_inventory(*id, {entry("web", '2'), entry("old", '3')}));
    ASSERT_TRUE(history_->mark_applied("pump", {{object("web"), "u1", "f1"}, {object("old"), "u2", "f2"}}));
    ASSERT_TRUE(history_->commit_good(*id, std::nullopt, {}, "2 objects are healthy"));
  }
  int64_t rows() { return history_->audit(1).value().front().sequence; }
  std::string fields_of(const std::string& name) {
    const auto entries = history_->inventory("pump", Side::last_good).value();
    for (const auto& entry : entries)
      if (entry.key.name == name) return entry.fields;
    return "?";
  }
  Drift drift(DriftAction action = DriftAction::corrected) {
    Drift found;
    found.component = "pump";
    found.key = object("web");
    found.fields = {".data.a", ".data.b"};
    found.manager = "kubectl-edit";
    found.changed = clock_.now();
    found.action = action;
    found.sentence = "ConfigMap pumps/web: kubectl-edit changed .data.a";
    return found;
  }
};

// GS-DRIFT-200: What was ours when an object was applied stays with it when its revision becomes the last
// good one; a clean state is learned later, and what is the same is not written.
TEST_F(DriftsTest, CleanFieldsStayWithTheInventory) {
  EXPECT_EQ(fields_of("web"), "f1");
  ASSERT_TRUE(history_->set_clean_fields("pump", {{object("web"), "f3"}, {object("stranger"), "f"}}));
  EXPECT_EQ(fields_of("web"), "f3");
  EXPECT_EQ(fields_of("old"), "f2");
  ASSERT_TRUE(history_->set_clean_fields("pump", {}));
  reopen();
  EXPECT_EQ(fields_of("web"), "f3");
}

// GS-DRIFT-201: Found drift is one open row and one audit row of the actor "drift"; found again it writes
// nothing, also when only the time moved; found different it changes the row.
TEST_F(DriftsTest, ARepeatedFindingWritesNothing) {
  ASSERT_TRUE(history_->record_drift(drift()));
  const int64_t before = rows();
  EXPECT_EQ(history_->audit(1).value().front().actor, "drift");
  EXPECT_EQ(history_->audit(1).value().front().action, "drift.found");
  clock_.advance(base::milliseconds(60'000));
  ASSERT_TRUE(history_->record_drift(drift()));
  EXPECT_EQ(rows(), before);
  Drift other = drift();
  other.fields = {".data.c"};
  ASSERT_TRUE(history_->record_drift(other));
  EXPECT_EQ(rows(), before + 1);
  const auto open = history_->open_drifts("pump").value();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].fields, other.fields);
  EXPECT_EQ(open[0].manager, "kubectl-edit");
  EXPECT_EQ(open[0].found, clock_.now() - base::milliseconds(60'000));
  EXPECT_FALSE(open[0].ended);
}

// GS-DRIFT-202: Its end says whether it was put back; ended twice it is ended once, and the object may drift
// again.
TEST_F(DriftsTest, EndsOnce) {
  ASSERT_TRUE(history_->record_drift(drift()));
  ASSERT_TRUE(history_->end_drift("pump", object("web"), DriftEnd::corrected));
  EXPECT_EQ(history_->audit(1).value().front().action, "drift.corrected");
  const int64_t before = rows();
  ASSERT_TRUE(history_->end_drift("pump", object("web"), DriftEnd::corrected));
  EXPECT_EQ(rows(), before);
  clock_.advance(base::milliseconds(1'000));
  ASSERT_TRUE(history_->record_drift(drift()));
  ASSERT_TRUE(history_->end_drift("pump", object("web"), DriftEnd::by_itself));
  EXPECT_EQ(history_->audit(1).value().front().action, "drift.ended");
  const auto all = history_->drifts("pump", 10).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].action, DriftAction::reported) << "it was not corrected";
  EXPECT_EQ(all[1].action, DriftAction::corrected);
  EXPECT_TRUE(history_->open_drifts("pump")->empty());
  EXPECT_EQ(history_->drifts("", 1)->size(), 1U);
  EXPECT_TRUE(history_->drifts("other", 10)->empty());
}

// GS-DRIFT-203: When the audit cannot be written the drift is not recorded, so nothing is put back.
TEST_F(DriftsTest, IsNotRecordedWithoutItsAudit) {
  history_.reset();
  bool cut = false;
  auto opened = open([&](std::string_view) { return !cut; });
  ASSERT_TRUE(opened);
  history_ = std::move(*opened);
  cut = true;
  EXPECT_FALSE(history_->record_drift(drift()));
  reopen();
  EXPECT_TRUE(history_->drifts("pump", 10)->empty());
}

// GS-DRIFT-204: Of each component the newest thousand rows stay, and older ones that are open; others lose
// nothing by it.
TEST_F(DriftsTest, OldOnesGo) {
  ASSERT_TRUE(history_->record_drift(drift()));  // stays open
  history_.reset();
  auto database = Database::open(database_path(), {});
  ASSERT_TRUE(database);
  for (const char* component : {"pump", "other"}) {
    const std::string sql =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) INSERT INTO drifts "
        "(component, api_group, kind, namespace, name, fields, manager, changed, found, ended, action, "
        "sentence) SELECT '" +
        std::string(component) +
        "', '', 'ConfigMap', 'pumps', 'old-' || i, '[]', '', NULL, i, i, 'corrected', '' FROM n";
    ASSERT_TRUE((*database)->execute(sql));
  }
  database->reset();
  reopen();
  Drift next = drift();
  next.key = object("old");
  ASSERT_TRUE(history_->record_drift(next));
  const auto kept = history_->drifts("pump", 5'000).value();
  ASSERT_EQ(kept.size(), static_cast<size_t>(kKeptDrifts) + 1);
  EXPECT_EQ(kept[0].key.name, "old");
  EXPECT_EQ(kept[1].key.name, "web");
  EXPECT_EQ(kept[2].key.name, "old-1200");
  EXPECT_EQ(kept.back().key.name, "old-202");
  EXPECT_EQ(history_->open_drifts("pump")->size(), 2U);
  EXPECT_EQ(history_->drifts("other", 5'000)->size(), 1'200U);
}

}  // namespace
}  // namespace gridseal::history
