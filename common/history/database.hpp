// A thin wrapper over SQLite 3: WAL, synchronous=FULL, prepared statements, transactions. One connection;
// not thread safe (history.hpp is).
//
// Errors (all blocked): history.no_space (disk full), history.damaged (not a database, malformed, or its
// quick_check fails), history.busy (locked beyond the busy timeout), history.not_found (read-only, absent),
// files.permission (read-only, not for this user), history.unreadable (cannot be opened), history.interrupted
// (the effect hook cut the power), history.io.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace gridseal::history {

// Asked before every statement that writes, and before every commit. False: the power is cut here; this
// statement and all later ones on the connection do nothing.
using Effect = std::function<bool(std::string_view sql)>;

enum class OpenMode {
  read_write,  // created when absent
  read_only,   // creates no file, changes no byte, also beside a live writer or after a crash
};

struct DatabaseOptions {
  OpenMode mode = OpenMode::read_write;
  base::milliseconds busy_timeout{5000};
  Effect effect;  // for tests
};

class Database;

// Bound values and columns count from 1 and 0, as in SQLite. A bind or step after an error returns that
// error.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds the next parameter. An empty optional is NULL.
  Statement& bind(int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind_null();
  Statement& bind_optional(const std::optional<std::string>& text);
  Statement& bind_optional(const std::optional<int64_t>& value);

  // True: a row is there. False: done.
  base::Result<bool> step();
  // For statements without rows.
  base::Result<void> run();
  void reset();  // to run it again with other values

  bool is_null(int column) const;
  int64_t integer(int column) const;
  std::string text(int column) const;  // blobs too
  std::optional<std::string> optional_text(int column) const;
  std::optional<int64_t> optional_integer(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement, bool writes);
  void note(int code);

  Database* database_;
  sqlite3_stmt* statement_;
  bool writes_;
  int bound_ = 0;
  int bind_error_ = 0;
};

class Database {
 public:
  // Opens and runs quick_check.
  static base::Result<std::unique_ptr<Database>> open(const std::string& path,
                                                      const DatabaseOptions& options = {});
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // One statement, which may be given in two parts.
  base::Result<Statement> prepare(std::string_view begin, std::string_view rest = {});
  // One or more statements without parameters or rows.
  base::Result<void> execute(std::string_view sql);
  int64_t last_insert_id() const;
  int64_t changes() const;  // rows changed by the last statement
  const std::string& path() const { return path_; }

  base::Result<int64_t> user_version();

 private:
  friend class Statement;
  Database(std::string path, DatabaseOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  base::Result<void> connect();
  base::Result<void> configure();
  base::Result<void> quick_check();
  base::Result<void> ask_effect(std::string_view sql);
  base::Error error(int code, std::string_view doing) const;

  std::string path_;
  DatabaseOptions options_;
  sqlite3* connection_ = nullptr;
  bool cut_ = false;
};

// BEGIN IMMEDIATE … COMMIT; rolled back by the destructor when not committed.
class Transaction {
 public:
  static base::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  base::Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace gridseal::history
