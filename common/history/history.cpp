#include "history/history.hpp"

#include <utility>

#include "history/schema.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kProgram = "gridseald";

std::string database_path(const std::string& state_directory) {
  return state_directory + "/history.db";
}

bool present(base::Files& files, const std::string& path) {
  auto info = files.stat(path);
  return info.has_value() && info->size > 0;
}

// The key is made after the database: where there is a key there was a history (promise 7: a lost one is not
// quietly begun anew, because that would lower the release floors).
Result<void> refuse_lost(base::Files& files, const std::string& state_directory) {
  const std::string database = database_path(state_directory);
  if (present(files, database) || !present(files, state_directory + "/host.key")) return {};
  return Error::blocked("history.lost",
                        database + " is gone, though this host had a history: restore it, or remove " +
                            state_directory + "/host.key to begin a new one without release floors");
}

Result<void> record_schema(Database& database, base::Time now, int64_t before) {
  const int64_t version = migrations().back().version;
  if (before == version) return {};
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  auto row = append(database, now, kProgram, before == 0 ? "history.create" : "history.migrate", "history",
                    {{"from", before}, {"to", version}});
  if (!row) return std::move(row).error();
  return transaction->commit();
}

// A power cut between the schema and its first audit row.
Result<bool> audit_is_unbegun(Database& database) {
  auto query = database.prepare("SELECT NOT EXISTS (SELECT 1 FROM meta WHERE name='audit_head')");
  if (!query) return std::move(query).error();
  auto row = query->step();
  if (!row) return std::move(row).error();
  return query->integer(0) == 1;
}

Result<void> bring_up(Database& database, base::Clock& clock) {
  auto before = migrate(database, migrations(), number_of(clock.now()));
  if (!before) return std::move(before).error();
  auto unbegun = audit_is_unbegun(database);
  if (!unbegun) return std::move(unbegun).error();
  return record_schema(database, clock.now(), *unbegun ? 0 : *before);
}

// A file that was being replaced when the power went leaves its copy beside it; one may be of the host's key.
Result<void> remove_temporaries(base::Files& files, const std::string& directory) {
  auto entries = files.list(directory);
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    if (entry.kind != base::EntryKind::file || entry.name.find(".tmp.") == std::string::npos) continue;
    if (auto r = files.remove(directory + "/" + entry.name); !r) return r;
  }
  return {};
}

}  // namespace

History::History(std::unique_ptr<State> state) : state_(std::move(state)) {}

History::~History() = default;

Result<std::unique_ptr<History>> History::open(base::Files& files, base::Clock& clock,
                                               const Options& options) {
  auto state = std::make_unique<State>(clock);
  auto lock = StateLock::acquire(options.state_directory);
  if (!lock) return std::move(lock).error();
  state->lock.emplace(std::move(*lock));
  if (auto done = remove_temporaries(files, options.state_directory); !done) return std::move(done).error();
  if (auto done = refuse_lost(files, options.state_directory); !done) return std::move(done).error();

  DatabaseOptions how;
  how.effect = options.effect;
  auto database = Database::open(database_path(options.state_directory), how);
  if (!database) return std::move(database).error();
  state->database = std::move(*database);
  if (auto done = bring_up(*state->database, clock); !done) return std::move(done).error();

  auto key = HostKey::load_or_create(files, options.state_directory);
  if (!key) return std::move(key).error();
  state->key.emplace(*key);
  return std::unique_ptr<History>(new History(std::move(state)));
}

Result<std::unique_ptr<History>> History::open_read_only(base::Clock& clock,
                                                         const std::string& state_directory) {
  DatabaseOptions how;
  how.mode = OpenMode::read_only;
  auto database = Database::open(database_path(state_directory), how);
  if (!database) return std::move(database).error();
  auto version = (*database)->user_version();
  if (!version) return std::move(version).error();
  if (*version == 0) {
    return Error::blocked("history.not_found",
                          "the history in " + state_directory +
                              " is only just being made: gridseald starts here for the first time");
  }
  if (*version != migrations().back().version) {
    return Error::blocked("history.schema", "the history is of version " + std::to_string(*version) +
                                                ", this program reads version " +
                                                std::to_string(migrations().back().version) +
                                                ": restart gridseald after an upgrade");
  }
  auto state = std::make_unique<State>(clock);
  state->database = std::move(*database);
  return std::unique_ptr<History>(new History(std::move(state)));
}

Result<HostKey*> History::State::host_key() {
  if (key) return &*key;
  return Error::blocked("history.host_key",
                        "the host's key is not at hand: this history is open for reading");
}

// --- audit ------------------------------------------------------------------------------------------------

Result<AuditRow> History::append_audit(std::string_view actor, std::string_view action,
                                       std::string_view subject, const base::Json& detail) {
  const std::scoped_lock hold(state_->mutex);
  AuditRow row;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto written = state_->audit(actor, action, subject, detail);
    if (!written) return std::move(written).error();
    row = std::move(*written);
    return {};
  });
  if (done) return row;
  if (done.error().code() == "history.audit") return std::move(done).error();
  return Error::blocked("history.audit", "the audit cannot be written: " + done.error().describe());
}

Result<std::vector<AuditRow>> History::audit(int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  return read_audit(*state_->database, limit);
}

Result<std::vector<AuditRow>> History::audit_after(int64_t after, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  return read_audit_after(*state_->database, after, limit);
}

Result<ChainReport> History::verify_chain() {
  const std::scoped_lock hold(state_->mutex);
  return history::verify_chain(*state_->database);
}

Result<base::Digest> History::keyed_digest(std::string_view bytes) const {
  const std::scoped_lock hold(state_->mutex);
  auto key = state_->host_key();
  if (!key) return std::move(key).error();
  return (*key)->keyed_digest(bytes);
}

}  // namespace gridseal::history
