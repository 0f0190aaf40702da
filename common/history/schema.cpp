#include "history/schema.hpp"

#include <array>

namespace gridseal::history {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE components (
  name TEXT PRIMARY KEY,
  desired_revision TEXT, desired_digest TEXT,
  good_artifact TEXT, good_revision TEXT, good_rendered TEXT, good_values TEXT, good_deployment INTEGER,
  floor_version TEXT, floor_created INTEGER, floor_digest TEXT,
  state TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT '',
  state_since INTEGER NOT NULL,
  poll_since INTEGER, poll_error_code TEXT NOT NULL DEFAULT '', poll_error TEXT NOT NULL DEFAULT '',
  held_reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, manifest BLOB NOT NULL,
  title TEXT NOT NULL, version TEXT NOT NULL, created TEXT NOT NULL, revision TEXT NOT NULL,
  source TEXT NOT NULL, first_seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE verifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  component TEXT NOT NULL, artifact TEXT NOT NULL, policy TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('verified', 'pending', 'refused')),
  code TEXT NOT NULL, sentence TEXT NOT NULL, evidence TEXT NOT NULL,
  trust_generation INTEGER NOT NULL, time INTEGER NOT NULL
) STRICT;
CREATE INDEX verifications_of ON verifications (artifact, component, policy);

CREATE TABLE deployments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  component TEXT NOT NULL, artifact TEXT NOT NULL, revision TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('deploy', 'rollback', 'first_failure_removal', 'drift')),
  actor TEXT NOT NULL, rendered TEXT, value_digest TEXT, way_back TEXT,
  started INTEGER NOT NULL, finished INTEGER,
  state TEXT NOT NULL, state_since INTEGER NOT NULL,
  outcome TEXT CHECK (outcome IN ('healthy', 'rolled_back', 'removed', 'left', 'refused', 'blocked', 'cancelled')),
  reason TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT '',
  CHECK ((finished IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX deployments_of ON deployments (component, id);
CREATE INDEX deployments_unfinished ON deployments (id) WHERE finished IS NULL;

CREATE TABLE steps (
  deployment INTEGER NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL, name TEXT NOT NULL,
  started INTEGER NOT NULL, finished INTEGER, duration_ms INTEGER,
  result TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL,
  PRIMARY KEY (deployment, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE inventory (
  component TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('last_good', 'attempt', 'leftover')),
  api_group TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  version TEXT NOT NULL, declared TEXT NOT NULL, uid TEXT NOT NULL DEFAULT '',
  applied INTEGER NOT NULL DEFAULT 0, created_by INTEGER,
  PRIMARY KEY (component, side, api_group, kind, namespace, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE pre_images (
  deployment INTEGER NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
  api_group TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (deployment, api_group, kind, namespace, name)
) STRICT;

CREATE TABLE failures (
  component TEXT NOT NULL, artifact TEXT NOT NULL, value_digest TEXT NOT NULL,
  reason TEXT NOT NULL, sentence TEXT NOT NULL, time INTEGER NOT NULL,
  PRIMARY KEY (component, artifact, value_digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE permits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  component TEXT NOT NULL, digest TEXT, version TEXT NOT NULL DEFAULT '',
  who TEXT NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL, used_at INTEGER, used_by INTEGER,
  CHECK ((digest IS NULL) <> (version = ''))
) STRICT;
CREATE INDEX permits_of ON permits (component);

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL,
  actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
  previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
)sql";

// What runs and no longer verifies; nothing ever used held_reason.
constexpr std::string_view kVersion2 = R"sql(
ALTER TABLE components RENAME COLUMN held_reason TO untrusted_sentence;
ALTER TABLE components ADD COLUMN untrusted_code TEXT NOT NULL DEFAULT '';
ALTER TABLE components ADD COLUMN untrusted_since INTEGER;
ALTER TABLE components ADD COLUMN stopped_by TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::string_view kBackToVersion1 = R"sql(
ALTER TABLE components DROP COLUMN stopped_by;
ALTER TABLE components DROP COLUMN untrusted_since;
ALTER TABLE components DROP COLUMN untrusted_code;
ALTER TABLE components RENAME COLUMN untrusted_sentence TO held_reason;
UPDATE components SET held_reason='';
)sql";

// Suspensions by people, drift, and what of an applied object is ours.
constexpr std::string_view kVersion3 = R"sql(
ALTER TABLE components ADD COLUMN suspended_by TEXT NOT NULL DEFAULT '';
ALTER TABLE components ADD COLUMN suspended_why TEXT NOT NULL DEFAULT '';
ALTER TABLE components ADD COLUMN suspended_since INTEGER;
ALTER TABLE components ADD COLUMN suspended_until INTEGER;
ALTER TABLE inventory ADD COLUMN fields TEXT NOT NULL DEFAULT '';

CREATE TABLE drifts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  component TEXT NOT NULL,
  api_group TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  fields TEXT NOT NULL, manager TEXT NOT NULL, changed INTEGER,
  found INTEGER NOT NULL, ended INTEGER,
  action TEXT NOT NULL CHECK (action IN ('corrected', 'reported', 'failed')),
  sentence TEXT NOT NULL
) STRICT;
CREATE INDEX drifts_of ON drifts (component, id);
CREATE UNIQUE INDEX drifts_open ON drifts (component, api_group, kind, namespace, name) WHERE ended IS NULL;
)sql";

constexpr std::string_view kBackToVersion2 = R"sql(
DROP TABLE drifts;
ALTER TABLE inventory DROP COLUMN fields;
ALTER TABLE components DROP COLUMN suspended_until;
ALTER TABLE components DROP COLUMN suspended_since;
ALTER TABLE components DROP COLUMN suspended_why;
ALTER TABLE components DROP COLUMN suspended_by;
)sql";

// Receipts, one chain. They are evidence that may have left the host: the way back keeps them, for an older
// program takes no notice of a table that it does not know, and the way forward takes them up again.
constexpr std::string_view kVersion4 = R"sql(
CREATE TABLE IF NOT EXISTS receipts (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('receipt', 'report')),
  deployment INTEGER UNIQUE, component TEXT NOT NULL, artifact TEXT,
  time INTEGER NOT NULL, statement TEXT NOT NULL, envelope TEXT NOT NULL,
  audit_sequence INTEGER NOT NULL, audit_hash TEXT NOT NULL,
  stored INTEGER NOT NULL DEFAULT 0, pushed INTEGER,
  CHECK ((kind = 'receipt') = (deployment IS NOT NULL))
) STRICT;
CREATE INDEX receipts_of ON receipts (artifact, sequence);
CREATE INDEX receipts_unstored ON receipts (sequence) WHERE stored = 0;
CREATE INDEX receipts_unpushed ON receipts (sequence) WHERE pushed IS NULL;
)sql";

constexpr std::string_view kBackToVersion3 = R"sql(
DROP INDEX receipts_unpushed;
DROP INDEX receipts_unstored;
DROP INDEX receipts_of;
)sql";

constexpr std::array kMigrations{Migration{1, kVersion1, ""}, Migration{2, kVersion2, kBackToVersion1},
                                 Migration{3, kVersion3, kBackToVersion2},
                                 Migration{4, kVersion4, kBackToVersion3}};

constexpr std::string_view kMigrationTable =
    "CREATE TABLE IF NOT EXISTS migrations ("
    "version INTEGER PRIMARY KEY, forward TEXT NOT NULL, backward TEXT NOT NULL, applied INTEGER NOT NULL"
    ") STRICT";

Result<void> set_version(Database& database, int64_t version) {
  return database.execute("PRAGMA user_version=" + std::to_string(version));
}

Result<void> remember(Database& database, const Migration& migration, int64_t now_ms) {
  auto insert =
      database.prepare("INSERT INTO migrations (version, forward, backward, applied) VALUES (?,?,?,?)");
  if (!insert) return std::move(insert).error();
  return insert->bind(migration.version).bind(migration.forward).bind(migration.backward).bind(now_ms).run();
}

Result<void> step_up(Database& database, const Migration& migration, int64_t now_ms) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (auto done = database.execute(kMigrationTable); !done) return done;
  if (auto done = database.execute(migration.forward); !done) return done;
  if (auto done = remember(database, migration, now_ms); !done) return done;
  if (auto done = set_version(database, migration.version); !done) return done;
  return transaction->commit();
}

Result<std::string> backward_of(Database& database, int64_t version) {
  auto query = database.prepare("SELECT backward FROM migrations WHERE version=?");
  if (!query) return std::move(query).error();
  auto row = query->bind(version).step();
  if (!row) return std::move(row).error();
  std::string sql = *row ? query->text(0) : std::string();
  if (!sql.empty()) return sql;
  return Error::blocked("history.schema", "the history is of version " + std::to_string(version) +
                                              ", made by a newer gridseal, and holds no way back to an "
                                              "older one: install that gridseal again");
}

Result<void> step_down(Database& database, int64_t version) {
  auto backward = backward_of(database, version);
  if (!backward) return std::move(backward).error();
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (auto done = database.execute(*backward); !done) return done;
  auto forget = database.prepare("DELETE FROM migrations WHERE version=?");
  if (!forget) return std::move(forget).error();
  if (auto done = forget->bind(version).run(); !done) return done;
  if (auto done = set_version(database, version - 1); !done) return done;
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

Result<int64_t> migrate(Database& database, std::span<const Migration> known, int64_t now_ms) {
  auto version = database.user_version();
  if (!version) return version;
  const int64_t target = known.empty() ? 0 : known.back().version;
  for (int64_t at = *version; at > target; --at) {
    if (auto done = step_down(database, at); !done) return std::move(done).error();
  }
  for (const auto& migration : known) {
    if (migration.version <= *version) continue;
    if (auto done = step_up(database, migration, now_ms); !done) return std::move(done).error();
  }
  return version;
}

}  // namespace gridseal::history
