// Receipts: the host's signed statements about itself, in a chain of their own.
#include <algorithm>
#include <charconv>

#include "history/names.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view kReceiptColumns =
    "SELECT sequence, kind, deployment, component, artifact, time, statement, envelope, stored, pushed "
    "FROM receipts ";
// The chain's end is kept beside the rows, so that rows missing at the end are seen.
constexpr std::string_view kReceiptHead = "receipt_head";

Receipt receipt_of(const Statement& row) {
  Receipt receipt{row.integer(0),          value_in<ReceiptKind>(kReceiptKinds, row.text(1)),
                  row.optional_integer(2), row.text(3),
                  optional_digest(row, 4), time_of(row.integer(5)),
                  digest_of(row, 6),       row.text(7)};
  receipt.stored = row.integer(8) != 0;
  receipt.pushed = optional_time(row.optional_integer(9));
  return receipt;
}

Result<std::vector<Receipt>> all_of(Result<Statement> query) {
  if (!query) return std::move(query).error();
  return collect<Receipt>(*query, receipt_of);
}

Result<std::string> stored_receipt_head(Database& database) {
  auto query = database.prepare("SELECT value FROM meta WHERE name=?");
  if (!query) return std::move(query).error();
  auto row = query->bind(kReceiptHead).step();
  if (!row) return std::move(row).error();
  return *row ? query->text(0) : std::string();
}

// Behind the kept head, never merely behind the last row: what was removed must stay visible.
Result<ReceiptPlace> next_place(Database& database, base::Time now) {
  auto head = stored_receipt_head(database);
  if (!head) return std::move(head).error();
  auto last = database.prepare("SELECT coalesce(max(sequence), 0) FROM receipts");
  if (!last) return std::move(last).error();
  if (auto row = last->step(); !row) return std::move(row).error();
  auto audit = read_audit_head(database);
  if (!audit) return std::move(audit).error();
  ReceiptPlace place{last->integer(0) + 1, std::nullopt, audit->sequence, audit->hash, now};
  const std::string_view kept = *head;
  const auto colon = kept.find(':');
  if (colon == std::string_view::npos) return place;
  int64_t sequence = 0;
  std::from_chars(kept.data(), kept.data() + colon, sequence);
  place.sequence = std::max(place.sequence, sequence + 1);
  auto previous = base::Digest::parse(kept.substr(colon + 1));
  if (!previous) return std::move(previous).error().with_context("the end of the receipts is damaged");
  place.previous = *previous;
  return place;
}

Result<std::optional<Receipt>> subject_of(Database& database, const std::optional<DeploymentId>& id) {
  if (!id)
    return std::optional(Receipt{0, ReceiptKind::report, {}, {}, {}, {}, base::Digest(base::Digest::Raw{})});
  auto query = database.prepare(
      "SELECT component, artifact FROM deployments WHERE id=? AND finished IS NOT NULL AND NOT EXISTS "
      "(SELECT 1 FROM receipts WHERE deployment=deployments.id)");
  if (!query) return std::move(query).error();
  query->bind(*id);
  return first<Receipt>(*query, [&](const Statement& row) {
    return Receipt{0,
                   ReceiptKind::receipt,
                   id,
                   row.text(0),
                   optional_digest(row, 1),
                   {},
                   base::Digest(base::Digest::Raw{})};
  });
}

Result<void> insert(Database& database, const Receipt& receipt, const ReceiptPlace& place) {
  auto write = database.prepare(
      "INSERT INTO receipts (sequence, kind, deployment, component, artifact, time, statement, envelope, "
      "audit_sequence, audit_hash, stored) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  if (!write) return std::move(write).error();
  write->bind(receipt.sequence).bind(to_string(receipt.kind)).bind_optional(receipt.deployment);
  write->bind(receipt.component).bind_optional(optional_text(receipt.artifact));
  write->bind(number_of(receipt.time)).bind(receipt.statement.to_string()).bind(receipt.envelope);
  write->bind(place.audit_sequence).bind(place.audit_hash);
  // A report is about no artifact that it could lie beside.
  if (auto done = write->bind(int64_t{receipt.artifact ? 0 : 1}).run(); !done) return done;
  auto head = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)");
  if (!head) return std::move(head).error();
  return head->bind(kReceiptHead)
      .bind(std::to_string(receipt.sequence) + ":" + receipt.statement.to_string())
      .run();
}

Json detail_of(const Receipt& receipt) {
  Json detail{{"sequence", receipt.sequence}, {"statement", receipt.statement.to_string()}};
  if (receipt.deployment) detail["deployment"] = *receipt.deployment;
  return detail;
}

}  // namespace

Result<Receipt> History::add_receipt(const std::optional<DeploymentId>& deployment, const SealReceipt& seal) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  std::optional<Receipt> made;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto subject = subject_of(database, deployment);
    if (!subject) return std::move(subject).error();
    if (!*subject)
      return Error::refused(
          "history.unknown",
          "there is no ended deployment " + std::to_string(deployment.value_or(0)) + " without a receipt");
    auto place = next_place(database, state_->clock.now());
    if (!place) return std::move(place).error();
    auto sealed = seal(*place);
    if (!sealed) return std::move(sealed).error();
    made = std::move(**subject);
    made->sequence = place->sequence;
    made->time = place->now;
    made->statement = sealed->statement;
    made->envelope = std::move(sealed->envelope);
    made->stored = !made->artifact;
    if (auto written = insert(database, *made, *place); !written) return written;
    const bool report = made->kind == ReceiptKind::report;
    auto row = state_->audit("gridseald", report ? "report.issue" : "receipt.issue",
                             report ? "site" : component_subject(made->component), detail_of(*made));
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return std::move(*made);
}

int64_t History::endings() const {
  const std::scoped_lock hold(state_->mutex);
  return state_->endings;
}

Result<std::vector<Receipt>> History::receipts(int64_t after, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kReceiptColumns, "WHERE sequence>? ORDER BY sequence LIMIT ?");
  if (query) query->bind(after).bind(limit);
  return all_of(std::move(query));
}

Result<std::vector<Receipt>> History::receipts_of(const base::Digest& artifact, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kReceiptColumns, "WHERE artifact=? ORDER BY sequence DESC LIMIT ?");
  if (query) query->bind(artifact.to_string()).bind(limit);
  return all_of(std::move(query));
}

Result<std::optional<Receipt>> History::last_receipt(ReceiptKind kind) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kReceiptColumns, "WHERE kind=? ORDER BY sequence DESC LIMIT 1");
  if (!query) return std::move(query).error();
  query->bind(to_string(kind));
  return first<Receipt>(*query, receipt_of);
}

Result<std::string> History::receipt_head() {
  const std::scoped_lock hold(state_->mutex);
  return stored_receipt_head(*state_->database);
}

Result<std::vector<Receipt>> History::unstored_receipts(int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kReceiptColumns, "WHERE stored=0 ORDER BY sequence LIMIT ?");
  if (query) query->bind(limit);
  return all_of(std::move(query));
}

Result<void> History::set_receipt_stored(int64_t sequence) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare("UPDATE receipts SET stored=1 WHERE sequence=?");
    if (!update) return std::move(update).error();
    return update->bind(sequence).run();
  });
}

Result<std::vector<Receipt>> History::unpushed_receipts(int64_t after, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kReceiptColumns,
                                         "WHERE pushed IS NULL AND sequence>? ORDER BY sequence LIMIT ?");
  if (query) query->bind(after).bind(limit);
  return all_of(std::move(query));
}

Result<void> History::set_receipt_pushed(int64_t sequence) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare("UPDATE receipts SET pushed=? WHERE sequence=?");
    if (!update) return std::move(update).error();
    return update->bind(state_->now()).bind(sequence).run();
  });
}

}  // namespace gridseal::history
