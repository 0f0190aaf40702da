#include "history/audit.hpp"
#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

class AuditExport : public ReceiptsTest {
 protected:
  std::string exported() {
    std::string text;
    const AuditHeader header{"plant-7", "production", key().to_pem(), clock_.now()};
    auto done = export_audit(header, rows_from(*history_), read_from(*history_),
                             [&](std::string_view more) -> base::Result<void> {
                               text.append(more);
                               return {};
                             });
    EXPECT_TRUE(done);
    return text;
  }
  std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> list;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      list.push_back(text.substr(at, text.find('\n', at) - at));
    return list;
  }
  std::string joined(const std::vector<std::string>& list) {
    std::string text;
    for (const auto& line : list) text += line + "\n";
    return text;
  }
  std::set<std::string> flaws(const std::string& text) {
    std::set<std::string> codes;
    auto verdict = verify_audit(text, {key()});
    if (!verdict) return {verdict.error().code()};
    for (const Flaw& flaw : verdict->flaws) codes.insert(flaw.code);
    return codes;
  }
};

// GS-RECEIPT-050: an exported audit verifies elsewhere, with its signed checkpoints.
TEST_F(AuditExport, Verifies) {
  live();
  ASSERT_TRUE(history_->append_audit("anna", "note", "site", {{"text", "Grüße\u2028\x7f"}}));
  const std::string text = exported();
  const auto verdict = verify_audit(text, {key()});
  ASSERT_TRUE(verdict) << verdict.error().describe();
  EXPECT_EQ(flaws(text), std::set<std::string>());
  EXPECT_FALSE(verdict->own_key);
  EXPECT_EQ(verdict->first, 1);
  EXPECT_EQ(verdict->last, history_->audit(1)->front().sequence);
  EXPECT_EQ(verdict->checkpoints, 4U);
  EXPECT_EQ(verdict->covered, verdict->last - 2);
  EXPECT_TRUE(verify_audit(text, {})->own_key);
}

// GS-RECEIPT-051: a row that was changed, removed, put elsewhere or made anew with all that follow, and a
// receipt that is missing, are found.
TEST_F(AuditExport, TamperingIsFound) {
  live();
  const auto good = lines(exported());
  auto changed = good;
  changed[2].replace(changed[2].find("poll"), 4, "anna");
  EXPECT_EQ(flaws(joined(changed)), std::set<std::string>{"audit.changed"});
  auto removed = good;
  removed.erase(removed.begin() + 3);
  EXPECT_TRUE(flaws(joined(removed)).contains("audit.missing"));
  auto swapped = good;
  std::swap(swapped[2], swapped[3]);
  EXPECT_TRUE(flaws(joined(swapped)).contains("audit.missing"));
  auto short_of = good;
  short_of.pop_back();
  EXPECT_EQ(flaws(joined(short_of)), std::set<std::string>{"audit.receipt"});

  // All rows hashed again after a change in the first: only the signed checkpoints show it.
  std::string text = good[0] + "\n";
  std::string previous(64, '0');
  for (size_t i = 1; i < good.size(); ++i) {
    base::Json json = base::Json::parse(good[i]);
    if (json.contains("row")) {
      auto row = *audit_row_of(json["row"]);
      if (row.sequence == 1) row.actor = "somebody else";
      row.previous = previous;
      row.hash = history::hash_of(row);
      previous = row.hash;
      json["row"] = to_json(row);
    }
    text += json.dump() + "\n";
  }
  EXPECT_EQ(flaws(text), std::set<std::string>{"audit.checkpoint"});
}

// GS-RECEIPT-053: the audit is cut at a signed checkpoint and nowhere else; what stays verifies on the host
// and in an export, and an export that was cut elsewhere does not.
TEST_F(AuditExport, CutAtACheckpoint) {
  reopen();
  EXPECT_EQ(*history_->cut_audit(clock_.now() + base::milliseconds(1)), 0);
  live();
  clock_.advance(base::milliseconds(1000));
  ASSERT_TRUE(history_->append_audit("anna", "note", "site"));
  const auto head = history_->audit(1)->front().sequence;
  const auto checkpoint = statements().back().audit.sequence;
  EXPECT_EQ(*history_->cut_audit(clock_.now()), checkpoint);
  EXPECT_EQ(history_->audit_after(0, 1)->front().sequence, checkpoint + 1);
  EXPECT_EQ(history_->audit(1)->front().sequence, head + 1);
  EXPECT_EQ(history_->audit(1)->front().action, "audit.cut");
  EXPECT_FALSE(history_->verify_chain()->broken_at);
  EXPECT_EQ(flaws(exported()), std::set<std::string>());
  EXPECT_EQ(*history_->cut_audit(clock_.now()), 0);
  auto elsewhere = lines(exported());
  elsewhere.erase(elsewhere.begin() + 1);
  EXPECT_TRUE(flaws(joined(elsewhere)).contains("audit.missing"));
}

// GS-RECEIPT-054: a report cuts the audit when the settings say so.
TEST_F(AuditExport, CutWithReports) {
  live();
  auto made = issuer(files_);
  made->set_keep_audit(base::milliseconds(1000));
  made->set_report_interval(base::milliseconds(1000));
  clock_.advance(base::milliseconds(10'000));
  made->run();
  EXPECT_GT(history_->audit_after(0, 1)->front().sequence, 1);
  EXPECT_FALSE(history_->verify_chain()->broken_at);
}

// GS-RECEIPT-052: what is no export is said to be none; a foreign key verifies nothing.
TEST_F(AuditExport, Foreign) {
  live();
  for (const char* text : {"", "{}\n", "nothing\n"})
    EXPECT_EQ(flaws(text), std::set<std::string>{"audit.form"});
  const auto other = crypto::PrivateKey::generate();
  const auto verdict = verify_audit(exported(), {other->public_key()});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->checkpoints, 0U);
  EXPECT_EQ(verdict->flaws.front().code, "receipt.unknown_key");
}

}  // namespace
}  // namespace gridseal::receipts
