// How the audit is kept from growing for ever: only at a checkpoint that the host signed, so that what stays
// still hangs on what was signed and handed over.
#include "history/state.hpp"

namespace gridseal::history {

using base::Json;
using base::Result;

namespace {

// The newest signed row that is older than `before`, when a row follows it.
Result<std::optional<AuditHead>> checkpoint_before(Database& database, int64_t before) {
  auto query = database.prepare(
      "SELECT audit.sequence, audit.hash FROM audit JOIN receipts ON audit.sequence=receipts.audit_sequence "
      "AND audit.hash=receipts.audit_hash WHERE audit.time<? ORDER BY audit.sequence DESC LIMIT 1");
  if (!query) return std::move(query).error();
  query->bind(before);
  return first<AuditHead>(*query, [](const Statement& row) {
    return AuditHead{row.integer(0), row.text(1)};
  });
}

Result<int64_t> remove_up_to(Database& database, const AuditHead& checkpoint) {
  auto remove = database.prepare("DELETE FROM audit WHERE sequence<=?");
  if (!remove) return std::move(remove).error();
  if (auto done = remove->bind(checkpoint.sequence).run(); !done) return std::move(done).error();
  const int64_t rows = database.changes();
  auto base = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('audit_base', ?)");
  if (!base) return std::move(base).error();
  auto done = base->bind(std::to_string(checkpoint.sequence) + ":" + checkpoint.hash).run();
  if (!done) return std::move(done).error();
  return rows;
}

}  // namespace

Result<int64_t> History::cut_audit(base::Time before) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  int64_t removed = 0;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto checkpoint = checkpoint_before(database, number_of(before));
    if (!checkpoint) return std::move(checkpoint).error();
    if (!*checkpoint) return {};
    auto rows = remove_up_to(database, **checkpoint);
    if (!rows) return std::move(rows).error();
    removed = *rows;
    auto row = state_->audit(
        "gridseald", "audit.cut", "history",
        {{"rows", removed}, {"checkpoint", (*checkpoint)->sequence}, {"hash", (*checkpoint)->hash}});
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return removed;
}

}  // namespace gridseal::history
