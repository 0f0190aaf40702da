// The audit's rows and their chain. A row's hash is SHA-256 over its canonical JSON (RFC 8785: names sorted,
// no white space), which holds the hash of the row before; the first row has 64 zeros there.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "history/database.hpp"
#include "history/history.hpp"

namespace gridseal::history {

// The bytes that are hashed: {"action","actor","detail","previous","sequence","subject","time"}; `detail` is
// the stored text as one string, `time` is milliseconds since 1970.
std::string canonical(const AuditRow& row);
std::string hash_of(const AuditRow& row);

// Inside the caller's transaction. Error (blocked): history.audit, whatever the cause.
base::Result<AuditRow> append(Database& database, base::Time now, std::string_view actor,
                              std::string_view action, std::string_view subject, const base::Json& detail);

// Sequence and hash of the last row, as the database keeps them beside the rows; 0 and zeros of an empty one.
struct AuditHead {
  int64_t sequence = 0;
  std::string hash{};
};
base::Result<AuditHead> read_audit_head(Database& database);

base::Result<std::vector<AuditRow>> read_audit(Database& database, int64_t limit);
base::Result<std::vector<AuditRow>> read_audit_after(Database& database, int64_t after, int64_t limit);
// The checkpoint that earlier rows were removed up to; 0 and zeros when all are there.
base::Result<AuditHead> read_audit_base(Database& database);

base::Result<ChainReport> verify_chain(Database& database);

}  // namespace gridseal::history
