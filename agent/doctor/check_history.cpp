#include "doctor/checks.hpp"
#include "history/history.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kDatabase = "history.database";
constexpr const char* kKey = "history.key";
constexpr uint64_t kKeyBytes = 32;

bool is_there(const Host& host, const char* name) {
  return host.files.stat(host.state_directory + "/" + name).has_value();
}

std::string history_cure(const std::string& code) {
  if (code == "history.damaged")
    return "stop gridseald, keep a copy of it, and restore history.db and host.key from the backup";
  if (code == "history.schema")
    return "after an upgrade 'sudo systemctl restart gridseald' brings it forward; else install the version "
           "that "
           "wrote it";
  return "look at the disk, then at 'journalctl -u gridseald'";
}

Finding unreadable(const Host& host, const base::Error& error) {
  if (error.code() == "files.permission" || error.code() == "history.unreadable")
    return unseen(kDatabase, {}, error.describe() + " (" + error.code() + ")", "run this as root");
  if (error.code() == "history.not_found") {
    if (is_there(host, "host.key"))
      return wrong(kDatabase, {},
                   host.state_directory +
                       "/history.db is gone while host.key is there: gridseald does not "
                       "start, because a new history would have no release floors",
                   "restore history.db from the backup; the operator's guide says what to do without one");
    return good(kDatabase, {}, "there is no history yet");
  }
  return wrong(kDatabase, {}, error.describe() + " (" + error.code() + ")", history_cure(error.code()));
}

}  // namespace

// Opening it runs PRAGMA quick_check.
Findings check_history(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  auto history = history::History::open_read_only(host.clock, host.state_directory);
  if (!history) return {unreadable(host, history.error())};
  auto chain = (*history)->verify_chain();
  if (!chain) return {unreadable(host, chain.error())};
  Findings findings{good(kDatabase, {}, host.state_directory + "/history.db is sound")};
  if (chain->broken_at)
    findings.push_back(
        wrong("history.audit", {},
              "the audit is broken at row " + std::to_string(*chain->broken_at) + ": " + chain->sentence,
              "somebody or a bad disk changed it: keep a copy, and compare with the backup "
              "('gridseal history --audit')"));
  else
    findings.push_back(
        good("history.audit", {}, "the audit is whole: " + std::to_string(chain->rows) + " rows"));
  return findings;
}

Findings check_host_key(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  const std::string path = host.state_directory + "/host.key";
  const auto info = host.files.stat(path);
  if (info && info->size == kKeyBytes) return {good(kKey, path, "the host's key is there")};
  if (info)
    return {wrong(kKey, path, path + " is damaged: it does not have " + std::to_string(kKeyBytes) + " bytes",
                  "restore it from the backup; without it a deployment under way cannot be put back")};
  if (!base::is_not_found(info.error())) return {failed(kKey, path, info.error(), "look at the disk")};
  if (is_there(host, "history.db"))
    return {wrong(kKey, path, path + " is gone while history.db is there",
                  "restore it from the backup; without it a deployment under way cannot be put back")};
  return {};
}

}  // namespace gridseal::doctor
