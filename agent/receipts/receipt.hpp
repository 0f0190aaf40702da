// What a statement of a host says: docs/formats/receipt.md. Read here out of the bytes under the signature.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "crypto/public_key.hpp"
#include "history/records.hpp"
#include "receipts/envelope.hpp"

namespace gridseal::receipts {

inline constexpr std::string_view kReceiptType = "https://gridseal.dev/receipt/v1";
inline constexpr std::string_view kReportType = "https://gridseal.dev/site-report/v1";

struct AuditHead {
  int64_t sequence = 0;
  std::string hash{};  // 64 hexadecimal digits

  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

struct Statement {
  history::ReceiptKind kind = history::ReceiptKind::receipt;
  base::Digest hash;     // of the statement's bytes
  base::Digest subject;  // the artifact; of a report the host's key
  base::Digest key;      // that it says it is signed with
  std::string site{};
  std::string environment{};
  int64_t sequence = 0;
  std::optional<base::Digest> previous{};  // absent: the first
  base::Time issued{};
  AuditHead audit{};  // a checkpoint: the head of the audit before this was issued
  base::Json predicate{};
};

// Unknown members are kept in `predicate`. Errors (refused): receipt.form (no in-toto statement v1 with one
// of the two predicate types, or members that are missing or of another form).
base::Result<Statement> parse_statement(std::string_view bytes);

// A statement whose signature is good by one of `keys`, which is also the key that it names.
// Errors (refused): receipt.form, receipt.unknown_key (of none of the keys), sig.invalid (it names a key of
// these and is not signed by it).
base::Result<Statement> open_receipt(std::string_view envelope, const std::vector<crypto::PublicKey>& keys);

}  // namespace gridseal::receipts
