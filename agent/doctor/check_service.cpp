#include "doctor/checks.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kUnit = "service.unit";
constexpr const char* kAgent = "service.agent";
constexpr const char* kLock = "service.lock";
constexpr const char* kUnitName = "gridseald.service";
constexpr const char* kStart = "sudo systemctl enable --now gridseald";
constexpr uint64_t kMaxSmallFile = 4096;

// Without systemd to ask.
Finding unit_on_disk(const Host& host, const base::Error& error) {
  for (const char* folder : {"/etc/systemd/system", "/usr/local/lib/systemd/system",
                             "/usr/lib/systemd/system", "/lib/systemd/system"}) {
    const std::string path = std::string(folder) + "/" + kUnitName;
    if (host.files.stat(host.at(path)))
      return unseen(kUnit, {}, path + " is there, but systemd does not answer: " + error.message(),
                    "run this on the host itself");
  }
  return wrong(kUnit, {},
               "there is no " + std::string(kUnitName) + ", and systemd does not answer: " + error.message(),
               "install the package gridseal");
}

Finding judge_unit(const UnitState& unit) {
  if (unit.load == "not-found")
    return wrong(kUnit, {}, "systemd knows no " + std::string(kUnitName), "install the package gridseal");
  if (unit.load == "masked")
    return wrong(kUnit, {}, std::string(kUnitName) + " is masked",
                 "sudo systemctl unmask gridseald && " + std::string(kStart));
  if (unit.active == "failed")
    return wrong(kUnit, {}, std::string(kUnitName) + " has failed",
                 "'journalctl -u gridseald -e' says why; then 'sudo systemctl restart gridseald'");
  if (unit.active != "active" && unit.active != "reloading")
    return wrong(kUnit, {}, std::string(kUnitName) + " is " + unit.active, kStart);
  if (unit.file == "disabled")
    return warning(kUnit, {}, std::string(kUnitName) + " runs, but will not be started with the host",
                   "sudo systemctl enable gridseald");
  return good(kUnit, {},
              std::string(kUnitName) + " is " + unit.active + (unit.file.empty() ? "" : " and " + unit.file));
}

std::string first_line(const Host& host, const std::string& path) {
  auto text = base::read_file(host.files, path, kMaxSmallFile);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

// The process that the lock file names, while it is a gridseald. It is never tried to take the lock: that
// could keep an agent from starting.
std::string lock_holder(const Host& host) {
  const std::string pid = first_line(host, host.state_directory + "/lock");
  if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return {};
  return first_line(host, host.at("/proc/" + pid + "/comm")) == "gridseald" ? pid : std::string();
}

Findings no_answer(const Host& host, const base::Error& error) {
  if (error.code() == "agent.permission")
    return {unseen(kAgent, {}, error.describe(),
                   "run this as root, or join the group that the setting control.read_group names")};
  if (error.code() != "agent.not_running") return {failed(kAgent, {}, error, "'journalctl -u gridseald -e'")};
  if (const std::string holder = lock_holder(host); !holder.empty())
    return {wrong(kLock, {},
                  "process " + holder + " is a gridseald with this state directory, and nobody listens at " +
                      host.socket,
                  "is another socket in its settings? Else 'sudo systemctl restart gridseald'")};
  return {wrong(kAgent, {}, error.describe(), kStart)};
}

size_t count_healthy(const base::Json& components) {
  size_t count = 0;
  for (const base::Json& one : components) {
    const std::string* state = base::find_string(one, "state");
    if (state != nullptr && *state == "healthy") ++count;
  }
  return count;
}

}  // namespace

Findings check_unit(const Case& subject, const std::stop_token& /*stop*/) {
  auto unit = subject.host.unit(kUnitName);
  return {unit ? judge_unit(*unit) : unit_on_disk(subject.host, unit.error())};
}

Findings check_agent(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  auto status = host.ask_agent();
  if (!status) return no_answer(host, status.error());
  const base::Json* agent = base::find_object(*status, "agent");
  const std::string* version = agent == nullptr ? nullptr : base::find_string(*agent, "version");
  const auto pid = agent == nullptr ? std::nullopt : base::find_integer(*agent, "pid");
  if (version == nullptr || !pid)
    return {
        wrong(kAgent, {}, "what answers at " + host.socket + " is no gridseald", "look at control.socket")};
  Findings findings;
  if (const std::string* held = base::find_string(*agent, "held"))
    findings.push_back(wrong(kAgent, {}, "gridseald is held, and changes nothing: " + *held,
                             "'gridseal config check', then 'sudo systemctl reload gridseald'"));
  if (*version != host.version)
    findings.push_back(warning(kAgent, {}, "gridseald is " + *version + ", this program is " + host.version,
                               "sudo systemctl restart gridseald"));
  if (const std::string holder = lock_holder(host); !holder.empty() && holder != std::to_string(*pid))
    findings.push_back(wrong(kLock, {},
                             "two of them: process " + holder + " has the state directory, process " +
                                 std::to_string(*pid) + " answers at " + host.socket,
                             "stop the one that systemd did not start"));
  if (findings.empty()) {
    static const base::Json kNone = base::Json::array();
    const base::Json* components = base::find_array(*status, "components");
    if (components == nullptr) components = &kNone;
    findings.push_back(good(kAgent, {},
                            "gridseald " + *version + " answers, process " + std::to_string(*pid) + "; " +
                                std::to_string(count_healthy(*components)) + " of " +
                                std::to_string(components->size()) + " components are healthy"));
  }
  return findings;
}

}  // namespace gridseal::doctor
