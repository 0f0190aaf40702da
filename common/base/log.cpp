#include "base/log.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cctype>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/encoding.hpp"

namespace gridseal::base {
namespace {

int priority(Level level) {
  switch (level) {
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warning:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
  }
  return LOG_INFO;
}

class JournalLog final : public Log {
 public:
  explicit JournalLog(Level least) : least_(least) {}

  void write(Level level, std::string_view message, std::initializer_list<LogField> fields) override {
    if (level < least_) return;
    std::vector<std::string> lines;
    lines.reserve(fields.size() + 2);
    lines.push_back("MESSAGE=" + printable(message, 4000));
    lines.push_back("PRIORITY=" + std::to_string(priority(level)));
    for (const auto& [name, value] : fields) {
      std::string line = "GRIDSEAL_";
      for (const char c : name) line += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      lines.push_back(line + "=" + printable(value, 4000));
    }
    std::vector<iovec> parts;
    parts.reserve(lines.size());
    for (auto& line : lines) parts.push_back({line.data(), line.size()});
    (void)sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  }

 private:
  Level least_;
};

class LineLog final : public Log {
 public:
  explicit LineLog(Level least) : least_(least) {}

  void write(Level level, std::string_view message, std::initializer_list<LogField> fields) override {
    if (level < least_) return;
    static constexpr std::string_view kMarks[] = {"debug  ", "info   ", "warning", "error  "};
    std::string line = format_rfc3339(std::chrono::floor<seconds>(system_clock().now()));
    line += ' ';
    line += kMarks[static_cast<size_t>(level)];
    line += ' ';
    line += printable(message, 4000);
    for (const auto& [name, value] : fields) {
      line += ' ';
      line += name;
      line += '=';
      line += printable(value, 400);
    }
    line += '\n';
    const std::scoped_lock lock(mutex_);
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
  }

 private:
  Level least_;
  std::mutex mutex_;
};

class NullLog final : public Log {
 public:
  void write(Level /*level*/, std::string_view /*message*/,
             std::initializer_list<LogField> /*fields*/) override {}
};

// systemd sets JOURNAL_STREAM to "device:inode" of the stream it connected; it must still be our standard
// error.
bool connected_to_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (stream == nullptr) return false;
  struct stat st {};
  if (fstat(STDERR_FILENO, &st) != 0) return false;
  const std::string own = std::to_string(static_cast<uintmax_t>(st.st_dev)) + ":" +
                          std::to_string(static_cast<uintmax_t>(st.st_ino));
  return own == stream;
}

}  // namespace

std::unique_ptr<Log> make_log(Level least) {
  if (connected_to_journal()) return std::make_unique<JournalLog>(least);
  return std::make_unique<LineLog>(least);
}

Log& null_log() {
  static NullLog log;
  return log;
}

}  // namespace gridseal::base
