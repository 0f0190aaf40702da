#include "history/database.hpp"

#include "history/lock.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

class DatabaseTest : public HistoryTest {
 protected:
  std::vector<std::string> listing() {
    std::vector<std::string> names;
    auto entries = files_.list(folder_);
    EXPECT_TRUE(entries);
    for (const auto& entry : *entries) names.push_back(entry.name);
    return names;
  }
  std::string contents() {
    std::string all;
    for (const auto& name : listing())
      all += name + "=" + *base::read_file(files_, folder_ + "/" + name) + "\n";
    return all;
  }
};

// GS-HISTORY-030: a second daemon on the same state gets a clear error and changes nothing.
TEST_F(DatabaseTest, SecondDaemon) {
  reopen();
  auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "history.in_use");
  EXPECT_EQ(second.error().outcome(), base::Outcome::blocked);
  EXPECT_NE(second.error().message().find(folder_), std::string::npos);
  history_.reset();
  EXPECT_TRUE(open());
}

// GS-HISTORY-031: the command line reads while the daemon writes, and sees what is committed.
TEST_F(DatabaseTest, ReadOnlyBesideTheDaemon) {
  reopen();
  ASSERT_TRUE(history_->set_desired("pump", "v1", digest('1')));
  auto reader = History::open_read_only(clock_, folder_);
  ASSERT_TRUE(reader) << reader.error().describe();
  EXPECT_EQ((*(*reader)->component("pump"))->desired_revision, "v1");
  ASSERT_TRUE(history_->set_desired("pump", "v2", digest('2')));
  EXPECT_EQ((*(*reader)->component("pump"))->desired_revision, "v2");
  EXPECT_FALSE((*reader)->append_audit("x", "y", "z"));
  EXPECT_EQ((*reader)->keyed_digest("x").error().code(), "history.host_key");
}

// GS-HISTORY-032: it also reads when the daemon is gone, and neither makes nor changes a file.
TEST_F(DatabaseTest, ReadOnlyAfterTheDaemon) {
  reopen();
  ASSERT_TRUE(history_->set_desired("pump", "v1", digest('1')));
  history_.reset();
  const std::string before = contents();
  auto reader = History::open_read_only(clock_, folder_);
  ASSERT_TRUE(reader) << reader.error().describe();
  EXPECT_EQ((*(*reader)->component("pump"))->desired_revision, "v1");
  EXPECT_TRUE((*reader)->verify_chain());
  reader->reset();
  EXPECT_TRUE(contents() == before);
}

// GS-HISTORY-033: and after a crash, when the last commits are in the write-ahead log only.
TEST_F(DatabaseTest, ReadOnlyAfterACrash) {
  bool power = true;
  auto opened = open([&](std::string_view) { return power; });
  ASSERT_TRUE(opened);
  ASSERT_TRUE((*opened)->set_desired("pump", "v1", digest('1')));
  // A copy of the files while the daemon has them open is what a crash leaves.
  const std::string crashed = folder_ + "_crashed";
  ASSERT_TRUE(files_.remove_tree(crashed));
  ASSERT_TRUE(files_.make_directories(crashed, 0750));
  for (const auto* name : {"history.db", "history.db-wal", "history.db-shm"}) {
    ASSERT_TRUE(
        base::write_file(files_, crashed + "/" + name, *base::read_file(files_, folder_ + "/" + name)));
  }
  auto reader = History::open_read_only(clock_, crashed);
  ASSERT_TRUE(reader) << reader.error().describe();
  auto component = (*reader)->component("pump");
  ASSERT_TRUE(component && *component);
  EXPECT_EQ((*component)->desired_revision, "v1");
  ASSERT_TRUE(files_.remove_tree(crashed));
}

// GS-HISTORY-034: reading where no daemon ever ran is an error and makes nothing.
TEST_F(DatabaseTest, ReadOnlyOfNothing) {
  auto reader = History::open_read_only(clock_, folder_);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), "history.not_found");
  EXPECT_TRUE(listing().empty());
}

// GS-HISTORY-038: reading while the first daemon still makes the database says so, and nothing of an upgrade.
TEST_F(DatabaseTest, ReadOnlyOfWhatIsBeingMade) {
  ASSERT_TRUE(base::write_file(files_, database_path(), ""));
  auto reader = History::open_read_only(clock_, folder_);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), "history.not_found");
}

// GS-HISTORY-035: a damaged database is found at open, for writing and for reading.
TEST_F(DatabaseTest, Damaged) {
  reopen();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(history_->append_audit("a", "b", "c", {{"n", i}}));
  history_.reset();
  const std::string good = *base::read_file(files_, database_path());
  ASSERT_GT(good.size(), 30000U);
  std::string header = good;
  header.replace(0, 16, "not a database!!");
  std::string truncated = good.substr(0, good.size() / 2);
  std::string page = good;
  page.replace(page.size() - 4096 * 2, 4096, std::string(4096, '\x5a'));
  for (const auto& bad : {header, truncated, page}) {
    ASSERT_TRUE(base::write_file(files_, database_path(), bad));
    auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), "history.damaged") << opened.error().describe();
    EXPECT_FALSE(History::open_read_only(clock_, folder_));
  }
  ASSERT_TRUE(base::write_file(files_, database_path(), good));
  EXPECT_TRUE(open());
}

// GS-HISTORY-036: a lost database is not quietly begun anew, because that would lower the release floors.
TEST_F(DatabaseTest, Lost) {
  reopen();
  history_.reset();
  ASSERT_TRUE(files_.remove(database_path()));
  auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "history.lost");
  ASSERT_TRUE(files_.remove(folder_ + "/host.key"));
  EXPECT_TRUE(open());
}

// GS-HISTORY-037: a full disk is blocked with its own code, nothing is half written, and it recovers.
TEST_F(DatabaseTest, DiskFull) {
  auto database = Database::open(folder_ + "/full.db");
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->execute("CREATE TABLE t (x BLOB); PRAGMA max_page_count=10"));
  const auto fill = [&] {
    auto transaction = Transaction::begin(**database);
    if (!transaction) return base::Result<void>(transaction.error());
    if (auto done = (*database)->execute("INSERT INTO t VALUES (zeroblob(20000))"); !done) return done;
    if (auto done = (*database)->execute("INSERT INTO t VALUES (zeroblob(60000))"); !done) return done;
    return transaction->commit();
  };
  auto full = fill();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), "history.no_space");
  EXPECT_EQ(full.error().outcome(), base::Outcome::blocked);
  auto count = (*database)->prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(count && *count->step());
  EXPECT_EQ(count->integer(0), 0);
  count->reset();
  ASSERT_TRUE((*database)->execute("PRAGMA max_page_count=1000"));
  EXPECT_TRUE(fill());
}

}  // namespace
}  // namespace gridseal::history
