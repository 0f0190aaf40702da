#include "receipts/audit_export.hpp"

#include <map>

#include "base/encoding.hpp"
#include "history/audit.hpp"

namespace gridseal::receipts {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr int64_t kRowsAtOnce = 500;
constexpr size_t kMaxLine = size_t{4} << 20U;
constexpr size_t kMaxFlaws = 1000;
constexpr std::string_view kFormat = "gridseal.audit/v1";

Error malformed(size_t line, const std::string& why) {
  return Error::refused("audit.form",
                        "line " + std::to_string(line) + " is none of an exported audit: " + why);
}

std::string row_name(int64_t sequence) {
  return "row " + std::to_string(sequence);
}

class Auditor {
 public:
  explicit Auditor(const std::vector<crypto::PublicKey>& keys) : keys_(keys) {}

  Result<void> line(std::string_view text) {
    ++number_;
    auto json = base::parse_json(text, {kMaxLine, 8, 10'000});
    if (!json) return malformed(number_, json.error().message());
    if (number_ == 1) return header(*json);
    if (const Json* row = base::find_object(*json, "row")) return take_row(*row);
    if (const Json* receipt = base::find_object(*json, "receipt")) return take_receipt(*receipt);
    return malformed(number_, "it is neither a row nor a receipt");
  }

  Result<AuditVerdict> finish() {
    if (number_ == 0) return malformed(1, "it is empty");
    Chain chain = make_chain(std::move(statements_));
    for (Flaw& found : chain.flaws) flaw(std::move(found));
    for (const Statement& statement : chain.statements) checkpoint(statement);
    if (verdict_.first > 1 && !begins_signed_)
      flaw({"audit.missing",
            "rows before " + row_name(verdict_.first) + " were removed, and not at a checkpoint"});
    compare_receipts(chain);
    return std::move(verdict_);
  }

 private:
  void flaw(Flaw found) {
    if (verdict_.flaws.size() < kMaxFlaws) verdict_.flaws.push_back(std::move(found));
  }

  Result<void> header(const Json& json) {
    const std::string* format = base::find_string(json, "format");
    if (format == nullptr || *format != kFormat)
      return malformed(number_, "its format is not " + std::string(kFormat));
    if (const std::string* site = base::find_string(json, "site"))
      verdict_.site = base::printable(*site, 253);
    const std::string* pem = base::find_string(json, "key");
    if (!keys_.empty() || pem == nullptr) return {};
    auto key = crypto::PublicKey::from_pem(*pem);
    if (!key) return malformed(number_, "its key is none");
    keys_.push_back(std::move(*key));
    verdict_.own_key = true;
    return {};
  }

  Result<void> take_row(const Json& json) {
    auto row = audit_row_of(json);
    if (!row) return malformed(number_, row.error().message());
    judge(*row);
    note_receipt(*row);
    if (verdict_.first == 0) {
      verdict_.first = row->sequence;
      // What it follows, when a checkpoint names that.
      hashes_[row->sequence - 1] = row->previous;
    }
    verdict_.last = row->sequence;
    previous_ = row->hash;
    hashes_[row->sequence] = row->hash;
    return {};
  }

  void judge(const history::AuditRow& row) {
    const std::string what = row_name(row.sequence);
    if (row.hash != history::hash_of(row)) return flaw({"audit.changed", what + " was changed"});
    if (verdict_.last == 0) {
      const bool begins = row.sequence == 1 && row.previous != std::string(64, '0');
      if (begins) flaw({"audit.order", what + " follows a row that is not there"});
      return;
    }
    if (row.sequence != verdict_.last + 1)
      return flaw({"audit.missing", row_name(verdict_.last + 1) + " is missing before " + what});
    if (row.previous != previous_) flaw({"audit.order", what + " does not follow the row before it"});
  }

  // What the audit itself says was issued.
  void note_receipt(const history::AuditRow& row) {
    if (row.action != "receipt.issue" && row.action != "report.issue") return;
    auto detail = base::parse_json(row.detail);
    if (!detail) return;
    const auto sequence = base::find_integer(*detail, "sequence");
    const std::string* statement = base::find_string(*detail, "statement");
    if (sequence && statement != nullptr) issued_[*sequence] = *statement;
  }

  Result<void> take_receipt(const Json& json) {
    auto statement = open_receipt(base::dump_json(json), keys_);
    if (!statement) {
      flaw({statement.error().code(), statement.error().describe()});
      return {};
    }
    statements_.push_back(std::move(*statement));
    return {};
  }

  void checkpoint(const Statement& statement) {
    const auto row = hashes_.find(statement.audit.sequence);
    if (row == hashes_.end()) {
      // Rows before the first one here may have been cut at a checkpoint and handed over before.
      if (statement.audit.sequence >= verdict_.first)
        flaw({"audit.missing", row_name(statement.audit.sequence) + " is missing, which receipt " +
                                   std::to_string(statement.sequence) + " is a checkpoint of"});
      return;
    }
    if (row->second != statement.audit.hash)
      return flaw({"audit.checkpoint", row_name(row->first) +
                                           " is not the one that the host signed with receipt " +
                                           std::to_string(statement.sequence)});
    if (row->first == verdict_.first - 1) begins_signed_ = true;
    ++verdict_.checkpoints;
    verdict_.covered = std::max(verdict_.covered, row->first);
  }

  void compare_receipts(const Chain& chain) {
    std::map<int64_t, std::string> here;
    for (const Statement& statement : chain.statements) here[statement.sequence] = statement.hash.to_string();
    for (const auto& [sequence, statement] : issued_) {
      const auto found = here.find(sequence);
      if (found == here.end())
        flaw({"audit.receipt", "receipt " + std::to_string(sequence) + " was issued and is not here"});
      else if (found->second != statement)
        flaw({"audit.receipt", "receipt " + std::to_string(sequence) + " is not the one that was issued"});
    }
  }

  std::vector<crypto::PublicKey> keys_;
  AuditVerdict verdict_;
  size_t number_ = 0;
  bool begins_signed_ = false;  // what the first row follows is a checkpoint
  std::string previous_;
  std::map<int64_t, std::string> hashes_;  // of rows
  std::map<int64_t, std::string> issued_;  // statements by number
  std::vector<Statement> statements_;
};

}  // namespace

ReadRows rows_from(history::History& history) {
  return [&history](int64_t after) { return history.audit_after(after, kRowsAtOnce); };
}

Json to_json(const history::AuditRow& row) {
  return {{"sequence", row.sequence}, {"time", row.time.time_since_epoch().count()},
          {"actor", row.actor},       {"action", row.action},
          {"subject", row.subject},   {"detail", row.detail},
          {"previous", row.previous}, {"hash", row.hash}};
}

Result<history::AuditRow> audit_row_of(const Json& json) {
  const auto sequence = base::find_integer(json, "sequence");
  const auto time = base::find_integer(json, "time");
  history::AuditRow row;
  bool good = sequence.has_value() && time.has_value() && *sequence > 0;
  for (const auto& [name, target] : {std::pair<const char*, std::string*>{"actor", &row.actor},
                                     {"action", &row.action},
                                     {"subject", &row.subject},
                                     {"detail", &row.detail},
                                     {"previous", &row.previous},
                                     {"hash", &row.hash}}) {
    const std::string* text = base::find_string(json, name);
    good = good && text != nullptr;
    if (text != nullptr) *target = *text;
  }
  if (!good) return Error::refused("audit.form", "a row lacks a member, or one is of another kind");
  row.sequence = *sequence;
  row.time = base::Time(base::milliseconds(*time));
  return row;
}

Result<void> export_audit(const AuditHeader& header, const ReadRows& rows, const ReadReceipts& receipts,
                          const WriteText& write) {
  const Json first{{"format", kFormat},
                   {"site", header.site},
                   {"environment", header.environment},
                   {"key", header.key_pem.empty() ? Json() : Json(header.key_pem)},
                   {"exported", base::format_rfc3339(header.exported)}};
  if (auto r = write(base::dump_json(first) + "\n"); !r) return r;
  // Receipts that are issued meanwhile name rows that are not in it: those behind the last row are left out.
  int64_t last = 0;
  for (;;) {
    auto page = rows(last);
    if (!page) return std::move(page).error();
    if (page->empty()) break;
    for (const history::AuditRow& row : *page) {
      // The text of a row goes under its hash as it is: not through dump_json, which escapes more.
      const std::string line =
          Json{{"row", to_json(row)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
      if (auto r = write(line + "\n"); !r) return r;
      last = row.sequence;
    }
  }
  int64_t number = 0;
  for (;;) {
    auto page = receipts(number);
    if (!page) return std::move(page).error();
    if (page->empty()) return {};
    for (const history::Receipt& receipt : *page) {
      number = receipt.sequence;
      auto envelope = parse_envelope(receipt.envelope);
      auto statement = envelope ? parse_statement(envelope->statement) : Error(envelope.error());
      if (statement && statement->audit.sequence >= last) return {};
      if (auto r = write("{\"receipt\":" + receipt.envelope + "}\n"); !r) return r;
    }
  }
}

Result<AuditVerdict> verify_audit(std::string_view text, const std::vector<crypto::PublicKey>& keys) {
  Auditor auditor(keys);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    if (auto r = auditor.line(line); !r) return std::move(r).error();
  }
  return auditor.finish();
}

}  // namespace gridseal::receipts
