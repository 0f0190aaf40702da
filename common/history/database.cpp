#include "history/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gridseal::history {

using base::Error;
using base::Result;

namespace {

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

// Percent-encoding for SQLite's file: URIs.
std::string uri(const std::string& path, std::string_view parameters) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "file:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#' || byte < 0x21) {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out.append("?").append(parameters);
}

std::string_view code_for(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return "history.no_space";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "history.damaged";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "history.busy";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return "history.unreadable";
    default:
      return "history.io";
  }
}

std::string_view sentence_for(std::string_view code) {
  if (code == "history.no_space") return "the disk is full";
  if (code == "history.damaged") return "the history database is damaged";
  if (code == "history.busy") return "the history database is locked by another process";
  if (code == "history.unreadable") return "the history database cannot be opened that way";
  return "the history database cannot be read or written";
}

}  // namespace

// --- statements -------------------------------------------------------------------------------------------

Statement::Statement(Database& database, sqlite3_stmt* statement, bool writes)
    : database_(&database), statement_(statement), writes_(writes) {}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      writes_(other.writes_),
      bound_(other.bound_),
      bind_error_(other.bind_error_) {}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

Statement& Statement::bind(int64_t value) {
  note(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  note(sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  note(sqlite3_bind_blob64(statement_, ++bound_, data, bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null() {
  note(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

Statement& Statement::bind_optional(const std::optional<std::string>& text) {
  return text ? bind(std::string_view(*text)) : bind_null();
}

Statement& Statement::bind_optional(const std::optional<int64_t>& value) {
  return value ? bind(*value) : bind_null();
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) return database_->error(bind_error_, "binding a value");
  if (writes_) {
    if (auto asked = database_->ask_effect(sqlite3_sql(statement_)); !asked) return std::move(asked).error();
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = database_->error(code, sqlite3_sql(statement_));
  sqlite3_reset(statement_);
  return error;
}

Result<void> Statement::run() {
  auto row = step();
  if (!row) return std::move(row).error();
  sqlite3_reset(statement_);
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bound_ = 0;
  bind_error_ = SQLITE_OK;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

// --- the connection ---------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const DatabaseOptions& options) {
  std::unique_ptr<Database> database(new Database(path, options));
  if (auto done = database->connect(); !done) return std::move(done).error();
  if (auto done = database->configure(); !done) return std::move(done).error();
  if (auto done = database->quick_check(); !done) return std::move(done).error();
  return database;
}

Database::~Database() {
  if (connection_ == nullptr) return;
  // After a simulated cut the write-ahead log stays as it was.
  if (cut_) sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_close_v2(connection_);
}

Result<void> Database::connect() {
  const bool reading = options_.mode == OpenMode::read_only;
  if (reading && !exists(path_)) {
    if (errno == EACCES) {
      return Error::blocked("files.permission", "this user may not read " + path_ +
                                                    ": ask as root, or as a member of the daemon's group");
    }
    return Error::blocked("history.not_found",
                          "there is no history at " + path_ + ": has gridseald ever run here?");
  }
  std::string parameters = "mode=rwc";
  // Without a write-ahead log nobody has the database open, and the file is whole by itself. With one, the
  // shared memory is read, or rebuilt in this process, but never created.
  if (reading) parameters = exists(path_ + "-wal") ? "mode=ro&readonly_shm=1" : "mode=ro&immutable=1";
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const auto before = ::umask(0027);
  const int code = sqlite3_open_v2(uri(path_, parameters).c_str(), &connection_, flags, nullptr);
  ::umask(before);
  if (code != SQLITE_OK) return error(code, "opening");
  sqlite3_busy_timeout(connection_, static_cast<int>(options_.busy_timeout.count()));
  return {};
}

Result<void> Database::configure() {
  // Settings of the connection: no statement of ours, so not shown to the effect hook.
  const char* sql = options_.mode == OpenMode::read_only
                        ? "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-512;"
                        : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                          "PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-512;"
                          "PRAGMA journal_size_limit=1048576;";
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, "opening");
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return {};
}

Result<void> Database::quick_check() {
  auto query = prepare("PRAGMA quick_check(1)");
  if (!query) return std::move(query).error();
  auto row = query->step();
  if (!row) return std::move(row).error();
  const std::string found = *row ? query->text(0) : "no answer";
  if (found == "ok") return {};
  return Error::blocked("history.damaged", "the history database " + path_ + " is damaged (" + found +
                                               "): keep a copy of it and run 'gridseal recover'");
}

Result<Statement> Database::prepare(std::string_view begin, std::string_view rest) {
  const std::string sql = std::string(begin).append(rest);
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return error(code, sql);
  return Statement(*this, statement, sqlite3_stmt_readonly(statement) == 0);
}

Result<void> Database::execute(std::string_view sql) {
  while (!sql.empty()) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &raw, &tail);
    if (code != SQLITE_OK) return error(code, sql);
    sql.remove_prefix(static_cast<size_t>(tail - sql.data()));
    if (raw == nullptr) continue;  // white space or a comment
    // Transaction control counts as reading to SQLite; the end of a transaction is where things happen.
    const std::string_view text = sqlite3_sql(raw);
    const bool writes = sqlite3_stmt_readonly(raw) == 0 || text.substr(0, 6) == "COMMIT";
    Statement statement(*this, raw, writes);
    if (auto done = statement.run(); !done) return done;
  }
  return {};
}

int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(connection_);
}

int64_t Database::changes() const {
  return sqlite3_changes64(connection_);
}

Result<int64_t> Database::user_version() {
  auto query = prepare("PRAGMA user_version");
  if (!query) return std::move(query).error();
  auto row = query->step();
  if (!row) return std::move(row).error();
  return query->integer(0);
}

Result<void> Database::ask_effect(std::string_view sql) {
  if (!cut_ && options_.effect && !options_.effect(sql)) cut_ = true;
  if (cut_) return Error::blocked("history.interrupted", "the power was cut before: " + std::string(sql));
  return {};
}

Error Database::error(int code, std::string_view doing) const {
  const auto name = code_for(code);
  const char* detail = connection_ != nullptr ? sqlite3_errmsg(connection_) : sqlite3_errstr(code);
  std::string message(sentence_for(name));
  message.append(": ").append(path_).append(": ").append(detail);
  message.append(" (").append(doing.substr(0, 80)).append(")");
  return Error::blocked(std::string(name), std::move(message));
}

// --- transactions -----------------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // Fails only when SQLite has rolled back by itself already.
  (void)database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace gridseal::history
