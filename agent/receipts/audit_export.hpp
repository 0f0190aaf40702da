// The audit on its way to an auditor: JSON lines that are checked on any other machine.
//   {"format": "gridseal.audit/v1", "site", "environment", "key", "exported"}     the first line
//   {"row": {…}}                   each row of the audit, ascending, as docs/formats/history-database.md says
//   {"receipt": {DSSE envelope}}   each receipt and report, ascending: its `audit` is a signed checkpoint
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "receipts/chain.hpp"
#include "receipts/write_back.hpp"

namespace gridseal::receipts {

using ReadRows = std::function<base::Result<std::vector<history::AuditRow>>(int64_t after)>;
ReadRows rows_from(history::History& history);

struct AuditHeader {
  std::string site;
  std::string environment;
  std::string key_pem;  // empty: this host has none yet
  base::Time exported;
};

using WriteText = std::function<base::Result<void>(std::string_view text)>;

// Errors: those of the functions.
base::Result<void> export_audit(const AuditHeader& header, const ReadRows& rows, const ReadReceipts& receipts,
                                const WriteText& write);

// Between processes, as in the export.
base::Json to_json(const history::AuditRow& row);
// Error (refused): audit.form.
base::Result<history::AuditRow> audit_row_of(const base::Json& json);

struct AuditVerdict {
  std::string site;
  int64_t first = 0;  // row; 0: there is none
  int64_t last = 0;
  size_t checkpoints = 0;
  int64_t covered = 0;        // last row that a checkpoint stands for
  bool own_key = false;       // judged by the key in the export itself: proves nothing about who made it
  std::vector<Flaw> flaws{};  // of the receipts too
};

// Codes of flaws: audit.missing (also: earlier rows were removed, and not at a checkpoint), audit.order (a
// row does not follow the one before it), audit.changed, audit.checkpoint (a signed checkpoint names another
// row), audit.receipt (the audit names a receipt that is not here, or is another one); receipt.*, sig.*.
// `keys` empty: the key that the export brings. Error (refused): audit.form (this is no export; names the
// line).
base::Result<AuditVerdict> verify_audit(std::string_view text, const std::vector<crypto::PublicKey>& keys);

}  // namespace gridseal::receipts
