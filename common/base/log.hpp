// The log, injected: structured fields to the journal (systemd.journal-fields(7)), plain lines on a terminal.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gridseal::base {

enum class Level { debug, info, warning, error };  // syslog 7, 6, 4, 3

// Names are lower case ("component", "revision", "deployment", "reason"); the journal gets them as
// GRIDSEAL_COMPONENT and so on. Values must not hold secrets.
using LogField = std::pair<std::string_view, std::string>;

// Thread safe.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(Level level, std::string_view message, std::initializer_list<LogField> fields) = 0;

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::error, message, fields);
  }
};

// The journal when this process's standard error is connected to it (JOURNAL_STREAM), else lines on standard
// error.
std::unique_ptr<Log> make_log(Level least);

// Drops everything.
Log& null_log();

}  // namespace gridseal::base
