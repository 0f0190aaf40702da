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

}  // namespace
}  // namespace gridseal::history
