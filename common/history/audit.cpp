#include "history/audit.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "history/columns.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view kAuditColumns =
    "SELECT sequence, time, actor, action, subject, detail, previous, hash FROM audit ";
// The chain's end is kept beside the rows, so that rows missing at the end are seen too.
constexpr std::string_view kHead = "audit_head";
// What the first row follows when earlier ones were removed.
constexpr std::string_view kBase = "audit_base";
constexpr size_t kMaxText = 4096;

const std::string& no_previous() {
  static const std::string zeros(64, '0');
  return zeros;
}

AuditRow row_of(const Statement& row) {
  return {row.integer(0), time_of(row.integer(1)),
          row.text(2),    row.text(3),
          row.text(4),    row.text(5),
          row.text(6),    row.text(7)};
}

// What goes under the hash must be UTF-8, so that every implementation hashes the same bytes.
std::string clean(std::string_view text) {
  if (text.size() <= kMaxText && base::is_utf8(text)) return std::string(text);
  return base::printable(text, kMaxText);
}

std::string head_text(int64_t sequence, const std::string& hash) {
  return std::to_string(sequence) + ":" + hash;
}

Result<std::string> stored(Database& database, std::string_view name) {
  auto query = database.prepare("SELECT value FROM meta WHERE name=?");
  if (!query) return std::move(query).error();
  auto row = query->bind(name).step();
  if (!row) return std::move(row).error();
  return *row ? query->text(0) : std::string();
}

Result<AuditHead> read_place(Database& database, std::string_view name) {
  auto text = stored(database, name);
  if (!text) return std::move(text).error();
  const std::string_view kept = *text;
  const auto colon = kept.find(':');
  if (colon == std::string_view::npos) return AuditHead{0, no_previous()};
  AuditHead read{0, std::string(kept.substr(colon + 1))};
  std::from_chars(kept.data(), kept.data() + colon, read.sequence);
  return read;
}

// The row's place in the chain. It follows the kept head, not the last row: what was removed from the end, or
// forged after it, must stay visible when the chain goes on.
Result<void> link(Database& database, AuditRow& row) {
  auto last = database.prepare("SELECT coalesce(max(sequence), 0) FROM audit");
  if (!last) return std::move(last).error();
  if (auto found = last->step(); !found) return std::move(found).error();
  auto head = read_audit_head(database);
  if (!head) return std::move(head).error();
  row.sequence = std::max(last->integer(0), head->sequence) + 1;
  row.previous = head->hash;
  return {};
}

Result<AuditRow> insert(Database& database, AuditRow row) {
  if (auto linked = link(database, row); !linked) return std::move(linked).error();
  row.hash = hash_of(row);
  auto write = database.prepare(
      "INSERT INTO audit (sequence, time, actor, action, subject, detail, previous, hash) VALUES "
      "(?,?,?,?,?,?,?,?)");
  if (!write) return std::move(write).error();
  write->bind(row.sequence).bind(number_of(row.time)).bind(row.actor).bind(row.action).bind(row.subject);
  if (auto done = write->bind(row.detail).bind(row.previous).bind(row.hash).run(); !done) {
    return std::move(done).error();
  }
  auto head = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)");
  if (!head) return std::move(head).error();
  if (auto done = head->bind(kHead).bind(head_text(row.sequence, row.hash)).run(); !done) {
    return std::move(done).error();
  }
  return row;
}

// Why `row` cannot follow `expected`; empty when it does.
std::string break_at(const AuditRow& row, const AuditRow& expected) {
  if (row.sequence != expected.sequence) {
    return "row " + std::to_string(expected.sequence) + " is missing";
  }
  if (row.previous != expected.previous) {
    return "row " + std::to_string(row.sequence) + " does not follow the row before it";
  }
  if (row.hash != hash_of(row)) return "row " + std::to_string(row.sequence) + " was changed";
  return {};
}

}  // namespace

Result<AuditHead> read_audit_head(Database& database) {
  return read_place(database, kHead);
}

Result<AuditHead> read_audit_base(Database& database) {
  return read_place(database, kBase);
}

std::string canonical(const AuditRow& row) {
  const Json object{{"action", row.action},       {"actor", row.actor},       {"detail", row.detail},
                    {"previous", row.previous},   {"sequence", row.sequence}, {"subject", row.subject},
                    {"time", number_of(row.time)}};
  // Not base::dump_json: RFC 8785 escapes nothing above U+001F.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string hash_of(const AuditRow& row) {
  return crypto::sha256(canonical(row)).hex();
}

Result<AuditRow> append(Database& database, base::Time now, std::string_view actor, std::string_view action,
                        std::string_view subject, const Json& detail) {
  AuditRow row;
  row.time = now;
  row.actor = clean(actor);
  row.action = clean(action);
  row.subject = clean(subject);
  row.detail = detail.is_null() ? "{}" : base::dump_json(detail);
  auto written = insert(database, std::move(row));
  if (written) return written;
  return Error::blocked("history.audit", "the decision '" + std::string(action) +
                                             "' cannot be written to the audit and so is not carried out: " +
                                             written.error().describe());
}

Result<std::vector<AuditRow>> read_audit(Database& database, int64_t limit) {
  auto query = database.prepare(kAuditColumns, "ORDER BY sequence DESC LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(limit);
  return collect<AuditRow>(*query, row_of);
}

Result<std::vector<AuditRow>> read_audit_after(Database& database, int64_t after, int64_t limit) {
  auto query = database.prepare(kAuditColumns, "WHERE sequence>? ORDER BY sequence LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(after).bind(limit);
  return collect<AuditRow>(*query, row_of);
}

Result<ChainReport> verify_chain(Database& database) {
  auto base = read_audit_base(database);
  if (!base) return std::move(base).error();
  auto query = database.prepare(kAuditColumns, "ORDER BY sequence");
  if (!query) return std::move(query).error();
  ChainReport report;
  AuditRow expected;
  expected.sequence = base->sequence + 1;
  expected.previous = base->hash;
  for (;;) {
    auto more = query->step();
    if (!more) return std::move(more).error();
    if (!*more) break;
    const AuditRow row = row_of(*query);
    if (auto why = break_at(row, expected); !why.empty()) {
      report.broken_at = expected.sequence;
      report.sentence = std::move(why);
      return report;
    }
    ++report.rows;
    report.head = row.hash;
    expected.sequence = row.sequence + 1;
    expected.previous = row.hash;
  }
  auto head = stored(database, kHead);
  if (!head) return std::move(head).error();
  if (*head != head_text(expected.sequence - 1, expected.previous)) {
    report.broken_at = expected.sequence;
    report.sentence = "rows after " + std::to_string(expected.sequence - 1) + " are missing";
  }
  return report;
}

}  // namespace gridseal::history
