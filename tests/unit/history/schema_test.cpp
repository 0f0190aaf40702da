#include "history/schema.hpp"

#include <vector>

#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

const Migration kOne{1, "CREATE TABLE one (x TEXT); INSERT INTO one VALUES ('kept')", ""};
const Migration kTwo{2, "ALTER TABLE one ADD COLUMN y TEXT; CREATE TABLE two (z TEXT)",
                     "DROP TABLE two; ALTER TABLE one DROP COLUMN y"};

class Schema : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    auto opened = Database::open(database_path());
    ASSERT_TRUE(opened);
    database_ = std::move(*opened);
  }
  int64_t version() { return *database_->user_version(); }

  std::unique_ptr<Database> database_;
};

// GS-HISTORY-040: migrations run from an empty database to the newest version, and again are nothing.
TEST_F(Schema, FromEmpty) {
  ASSERT_TRUE(migrate(*database_, migrations(), 1));
  EXPECT_EQ(version(), migrations().back().version);
  EXPECT_EQ(*migrate(*database_, migrations(), 2), migrations().back().version);
}

// GS-HISTORY-045: every migration of ours can be stepped back, and again up, with what is recorded.
TEST_F(Schema, OursBothWays) {
  ASSERT_TRUE(migrate(*database_, migrations(), 1));
  ASSERT_TRUE(database_->execute("INSERT INTO components (name, state_since) VALUES ('pump', 7)"));
  ASSERT_TRUE(migrate(*database_, migrations().first(1), 2));
  EXPECT_EQ(version(), 1);
  ASSERT_TRUE(migrate(*database_, migrations(), 3));
  auto kept = database_->prepare("SELECT name, state_since, untrusted_code, stopped_by FROM components");
  ASSERT_TRUE(kept && *kept->step());
  EXPECT_EQ(kept->text(0), "pump");
  EXPECT_EQ(kept->integer(1), 7);
  EXPECT_EQ(kept->text(2), "");
}

// GS-HISTORY-041: a newer version is stepped down by the way back that the database itself holds.
TEST_F(Schema, ForwardAndBack) {
  const std::vector<Migration> newer{kOne, kTwo};
  const std::vector<Migration> older{kOne};
  ASSERT_TRUE(migrate(*database_, newer, 1));
  EXPECT_EQ(version(), 2);
  ASSERT_TRUE(database_->execute("INSERT INTO two VALUES ('x')"));
  ASSERT_TRUE(migrate(*database_, older, 2));
  EXPECT_EQ(version(), 1);
  EXPECT_FALSE(database_->execute("SELECT * FROM two"));
  auto kept = database_->prepare("SELECT * FROM one");
  ASSERT_TRUE(kept && *kept->step());
  EXPECT_EQ(kept->text(0), "kept");
  kept->reset();
  ASSERT_TRUE(migrate(*database_, newer, 3));
  EXPECT_EQ(version(), 2);
}

// GS-HISTORY-042: without a way back it is an error that says what to do, and nothing changes.
TEST_F(Schema, NoWayBack) {
  ASSERT_TRUE(migrate(*database_, std::vector<Migration>{kOne, {2, "CREATE TABLE two (z TEXT)", ""}}, 1));
  auto down = migrate(*database_, std::vector<Migration>{kOne}, 2);
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code(), "history.schema");
  EXPECT_EQ(version(), 2);
  EXPECT_TRUE(database_->execute("SELECT * FROM two"));
}

// GS-HISTORY-043: a migration that fails leaves the version and the data before it.
TEST_F(Schema, BrokenMigration) {
  EXPECT_FALSE(
      migrate(*database_, std::vector<Migration>{kOne, {2, "CREATE TABLE two (z); NONSENSE", ""}}, 1));
  EXPECT_EQ(version(), 1);
  EXPECT_FALSE(database_->execute("SELECT * FROM two"));
}

// GS-HISTORY-044: the command line does not read a version that it does not know.
TEST_F(Schema, ReadOnlyOfAnotherVersion) {
  std::vector<Migration> known{kOne, kTwo};
  known.push_back({migrations().back().version + 1, "CREATE TABLE three (x TEXT)", "DROP TABLE three"});
  ASSERT_TRUE(migrate(*database_, known, 1));
  database_.reset();
  auto reader = History::open_read_only(clock_, folder_);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), "history.schema");
}

// What sqlite_master says, in its order; tables and indexes of `except` left out.
std::string schema_of(Database& database, std::string_view except) {
  auto query = database.prepare(
      "SELECT sql||';' FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT IN ('migrations', ?) "
      "ORDER BY type, name");
  if (!query) return query.error().describe();
  query->bind(except);
  std::string text;
  for (auto row = query->step(); row && *row; row = query->step()) text += query->text(0) + "\n";
  return text;
}

// GS-HISTORY-046: a database of version 3, as programs before receipts wrote it, is stepped forward with all
// that it holds; stepped back by the SQL in it, it is a database of version 3 again for the older program.
TEST_F(Schema, VersionThreeAndBack) {
  const std::string fixture =
      *base::read_file(files_, std::string(GRIDSEAL_FIXTURES) + "/history/schema-3.sql");
  ASSERT_TRUE(migrate(*database_, migrations().first(3), 1));
  EXPECT_EQ(schema_of(*database_, ""), fixture);
  ASSERT_TRUE(database_->execute(
      "INSERT INTO components (name, state_since, state) VALUES ('pump', 7, 'healthy');"
      "INSERT INTO deployments (component, artifact, revision, kind, actor, started, finished, state, "
      "state_since, outcome) VALUES ('pump', 'sha256:" +
      std::string(64, '1') + "', 'v1', 'deploy', 'poll', 1, 2, 'healthy', 2, 'healthy')"));
  database_.reset();

  // The newer program takes it up, and owes a receipt for what ended before.
  reopen();
  ASSERT_NE(history_, nullptr);
  EXPECT_EQ((*history_->component("pump"))->state, "healthy");
  ASSERT_EQ(history_->owed_receipts(10)->size(), 1U);
  ASSERT_TRUE(history_->add_receipt(1, [](const ReceiptPlace&) -> base::Result<SealedReceipt> {
    return SealedReceipt{digest('c'), "{}"};
  }));
  history_.reset();

  // The older program, which knows three versions.
  database_ = std::move(*Database::open(database_path()));
  EXPECT_EQ(*migrate(*database_, migrations().first(3), 2), migrations().back().version);
  EXPECT_EQ(version(), 3);
  EXPECT_EQ(schema_of(*database_, "receipts"), fixture);
  ASSERT_TRUE(database_->execute(
      "INSERT INTO deployments (component, artifact, revision, kind, actor, started, finished, state, "
      "state_since, outcome) VALUES ('pump', 'sha256:" +
      std::string(64, '2') + "', 'v2', 'deploy', 'poll', 3, 4, 'healthy', 4, 'healthy')"));
  database_.reset();

  // And the newer one again: the receipts of before are there, and only what ended meanwhile is owed.
  reopen();
  ASSERT_NE(history_, nullptr);
  EXPECT_EQ(history_->receipts(0, 10)->size(), 1U);
  const auto owed = history_->owed_receipts(10);
  ASSERT_EQ(owed->size(), 1U);
  EXPECT_EQ(owed->front().id, 2);
  EXPECT_FALSE(history_->verify_chain()->broken_at);
}

}  // namespace
}  // namespace gridseal::history
