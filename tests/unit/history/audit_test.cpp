#include <sqlite3.h>

#include "history/audit.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

class Audit : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(history_->append_audit("operator uid=1000", "test.act", "component/pump", {{"number", i}}));
    }
  }

  // Changes the database behind the history's back.
  void tamper(const std::string& sql) {
    history_.reset();
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(database_path().c_str(), &raw), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
        << (message != nullptr ? message : "");
    sqlite3_free(message);
    sqlite3_close(raw);
    reopen();
  }

  std::optional<int64_t> broken_at() {
    auto report = history_->verify_chain();
    EXPECT_TRUE(report);
    return report ? report->broken_at : std::nullopt;
  }
};

// GS-HISTORY-020: the chain runs from the first row, which says that the history was created.
TEST_F(Audit, ChainFromTheFirstRow) {
  auto report = history_->verify_chain();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rows, 6);
  EXPECT_FALSE(report->broken_at);
  auto rows = history_->audit(100);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front().hash, report->head);
  EXPECT_EQ(rows->back().action, "history.create");
  EXPECT_EQ(rows->back().sequence, 1);
  EXPECT_EQ(rows->back().previous, std::string(64, '0'));
  for (size_t i = 0; i + 1 < rows->size(); ++i) EXPECT_EQ((*rows)[i].previous, (*rows)[i + 1].hash);
}

// GS-HISTORY-021: the hashed bytes are the documented canonical JSON.
TEST_F(Audit, CanonicalForm) {
  const AuditRow row{
      3, base::Time(base::milliseconds(1790000000001)), "a\"\n", "b", "c", R"({"n":1})", "00", "ff"};
  EXPECT_EQ(
      canonical(row),
      R"({"action":"b","actor":"a\"\n","detail":"{\"n\":1}","previous":"00","sequence":3,"subject":"c",)"
      R"("time":1790000000001})");
  EXPECT_EQ(hash_of(row), "037ff59ed36e0dd9098d70bfce749052e17930b5512bc560950c8b5544f94048");
  AuditRow odd = row;
  odd.actor = "\x7F\u0085";
  EXPECT_NE(canonical(odd).find("\"\x7F\u0085\""), std::string::npos) << "RFC 8785 escapes nothing of it";
}

// GS-HISTORY-022: every changed column of a row is found.
TEST_F(Audit, ModifiedRow) {
  for (const auto* column : {"time=time+1", "actor='x'", "action='x'", "subject='x'", "detail='{}'",
                             "previous=hash", "hash=previous"}) {
    tamper(std::string("CREATE TABLE keep AS SELECT * FROM audit; UPDATE audit SET ") + column +
           " WHERE sequence=3");
    EXPECT_EQ(broken_at(), 3) << column;
    tamper("DELETE FROM audit; INSERT INTO audit SELECT * FROM keep; DROP TABLE keep");
    EXPECT_FALSE(broken_at()) << column;
  }
}

// GS-HISTORY-023: a deleted row is found: the first, one in the middle, the last, all of them.
TEST_F(Audit, DeletedRow) {
  for (const auto& [which, where] :
       {std::pair("sequence=1", 1), std::pair("sequence=3", 3), std::pair("sequence=6", 6),
        std::pair("sequence>2", 3), std::pair("true", 1)}) {
    tamper(std::string("CREATE TABLE keep AS SELECT * FROM audit; DELETE FROM audit WHERE ") + which);
    auto report = history_->verify_chain();
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->broken_at) << which;
    EXPECT_EQ(report->broken_at, where) << which;
    ASSERT_TRUE(history_->append_audit("x", "y", "z"));
    EXPECT_EQ(broken_at(), where) << which << ": hidden by the next row";
    tamper(
        "DELETE FROM audit; INSERT INTO audit SELECT * FROM keep; DROP TABLE keep;"
        "UPDATE meta SET value=(SELECT sequence||':'||hash FROM audit ORDER BY sequence DESC LIMIT 1)");
  }
}

// GS-HISTORY-024: rows in another order are found, also when they are renumbered or rehashed.
TEST_F(Audit, ReorderedRows) {
  tamper(
      "UPDATE audit SET sequence=100 WHERE sequence=3; UPDATE audit SET sequence=3 WHERE sequence=4;"
      "UPDATE audit SET sequence=4 WHERE sequence=100");
  EXPECT_EQ(broken_at(), 3);
}

// GS-HISTORY-025: an inserted row is found.
TEST_F(Audit, InsertedRow) {
  tamper(
      "INSERT INTO audit SELECT 7, time, actor, action, subject, detail, hash, hash FROM audit WHERE "
      "sequence=6");
  EXPECT_EQ(broken_at(), 7);
}

// GS-HISTORY-026: what goes under the hash is UTF-8 of bounded size, whatever was given.
TEST_F(Audit, HostileTexts) {
  ASSERT_TRUE(history_->append_audit("\xff\xfe", "x", std::string(100000, 's'), {{"bytes", "\xff"}}));
  EXPECT_FALSE(broken_at());
  EXPECT_LE(history_->audit(1)->front().subject.size(), 5000U);
}

}  // namespace
}  // namespace gridseal::history
